/* SPDX-License-Identifier: Apache-2.0 */
/** @file shared_proxy.h
 * A relay on the loopback between a node and its PostgreSQL server, on a thread of its own: it can cut the line around a COMMIT, or hold it and
 * say nothing, which no server does on demand.
 */
#ifndef ES_TESTS_SHARED_PROXY_H
#define ES_TESTS_SHARED_PROXY_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "shared_server.h"

enum proxy_mode {
    PROXY_PASS,
    PROXY_REFUSE,          /* every connection is ended, old and new */
    PROXY_SILENT,          /* held, and nothing goes either way */
    PROXY_CUT_BEHIND_COMMIT, /* the next COMMIT reaches the server, its answer not the node; then as PROXY_REFUSE */
    PROXY_CUT_BEFORE_COMMIT  /* the next COMMIT does not reach the server; then as PROXY_REFUSE */
};

#define PROXY_LINES 16
struct proxy {
    pthread_t thread;
    int listener, server_port;
    _Atomic int mode;
    _Atomic bool stop;
    struct {
        int node, server; /* -1: free */
        bool answered_only; /* the COMMIT went through: read its answer, then cut */
    } lines[PROXY_LINES];
};

static void proxy_cut(struct proxy *proxy, int i)
{
    close(proxy->lines[i].node);
    close(proxy->lines[i].server);
    proxy->lines[i].node = proxy->lines[i].server = -1;
}

static void proxy_accept(struct proxy *proxy)
{
    const struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)proxy->server_port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int node = accept(proxy->listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
    int i = 0;
    while (i < PROXY_LINES && proxy->lines[i].node >= 0) i++;
    if (node < 0 || server < 0 || i == PROXY_LINES || proxy->mode == PROXY_REFUSE || connect(server, (const struct sockaddr *)&to, sizeof to) != 0) {
        close(node);
        close(server);
        return;
    }
    proxy->lines[i].node = node;
    proxy->lines[i].server = server;
    proxy->lines[i].answered_only = false;
}

/* false: the line is to be cut. */
static bool proxy_move(struct proxy *proxy, int i, bool from_node)
{
    static const char commit[] = {'Q', 0, 0, 0, 11, 'C', 'O', 'M', 'M', 'I', 'T', 0}; /* the simple query, as libpq sends it */
    char bytes[65536];
    const int from = from_node ? proxy->lines[i].node : proxy->lines[i].server, to = from_node ? proxy->lines[i].server : proxy->lines[i].node;
    const ssize_t n = recv(from, bytes, sizeof bytes, 0);
    if (n <= 0) return false;
    if (!from_node && proxy->lines[i].answered_only) {
        proxy->mode = PROXY_REFUSE;
        return false;
    }
    const bool commits = from_node && memmem(bytes, (size_t)n, commit, sizeof commit);
    if (commits && proxy->mode == PROXY_CUT_BEFORE_COMMIT) {
        proxy->mode = PROXY_REFUSE;
        return false;
    }
    proxy->lines[i].answered_only = commits && proxy->mode == PROXY_CUT_BEHIND_COMMIT;
    for (ssize_t sent = 0, k; sent < n; sent += k)
        if ((k = send(to, bytes + sent, (size_t)(n - sent), MSG_NOSIGNAL)) <= 0) return false;
    return true;
}

static void *proxy_run(void *argument)
{
    struct proxy *proxy = argument;
    while (!proxy->stop) {
        struct pollfd at[1 + 2 * PROXY_LINES];
        const bool silent = proxy->mode == PROXY_SILENT;
        at[0] = (struct pollfd){proxy->listener, POLLIN, 0};
        for (int i = 0; i < PROXY_LINES; i++) {
            if (proxy->lines[i].node >= 0 && proxy->mode == PROXY_REFUSE) proxy_cut(proxy, i);
            at[1 + 2 * i] = (struct pollfd){silent ? -1 : proxy->lines[i].node, POLLIN, 0};
            at[2 + 2 * i] = (struct pollfd){silent ? -1 : proxy->lines[i].server, POLLIN, 0};
        }
        if (poll(at, sizeof at / sizeof at[0], 10) <= 0) continue;
        for (int i = 0; i < PROXY_LINES; i++) {
            bool good = true;
            if (at[1 + 2 * i].revents) good = proxy_move(proxy, i, true);
            if (good && at[2 + 2 * i].revents) good = proxy_move(proxy, i, false);
            if (!good) proxy_cut(proxy, i);
        }
        if (at[0].revents) proxy_accept(proxy);
    }
    return NULL;
}

/** Begin to relay to the server of `url`, which is then the relay's. */
static void proxy_start(struct proxy *proxy)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    char *slash = strrchr(url, '/'), name[64], *colon = strrchr(url, ':');
    *proxy = (struct proxy){.listener = socket(AF_INET, SOCK_STREAM, 0), .server_port = (int)strtol(colon + 1, NULL, 10)};
    for (int i = 0; i < PROXY_LINES; i++) proxy->lines[i].node = proxy->lines[i].server = -1;
    if (bind(proxy->listener, (const struct sockaddr *)&at, size) != 0 || listen(proxy->listener, 8) != 0 ||
        getsockname(proxy->listener, (struct sockaddr *)&at, &size) != 0 || pthread_create(&proxy->thread, NULL, proxy_run, proxy) != 0)
        CU_FAIL_FATAL("no relay");
    snprintf(name, sizeof name, "%s", slash);
    snprintf(colon + 1, sizeof url - (size_t)(colon + 1 - url), "%u%s", (unsigned)ntohs(at.sin_port), name);
}

static void proxy_end(struct proxy *proxy)
{
    proxy->stop = true;
    pthread_join(proxy->thread, NULL);
    for (int i = 0; i < PROXY_LINES; i++)
        if (proxy->lines[i].node >= 0) proxy_cut(proxy, i);
    close(proxy->listener);
}

#endif
