/* SPDX-License-Identifier: Apache-2.0 */
/** @file shared_node.h
 * Nodes of a shared ledger, in one process: each with a folder, a key file and a spool of its own, on the database of shared_server.h.
 */
#ifndef ES_TESTS_SHARED_NODE_H
#define ES_TESTS_SHARED_NODE_H

#include <unistd.h>

#include "shared_server.h"
#include "site_world.h"

#define NODE_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n"
#define NET "\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5}]}]"

struct node {
    struct es_config *config;
    struct es_site *site; /* NULL when it could not be opened */
    char folder[256];
};

/** The path of a file in a node's folder; valid until the next call. */
static inline const char *node_path(const struct node *node, const char *name)
{
    static char path[300];
    snprintf(path, sizeof path, "%s/%s", node->folder, name);
    return path;
}

static inline void node_give_key(const struct node *node, const char *keys)
{
    FILE *file = fopen(node_path(node, "site.key"), "w");
    if (!file || fputs(keys, file) < 0 || fclose(file) != 0) abort();
}

/** Open for writing what may not open. @param folder  NULL: a fresh one. @param keys  of the key file; NULL: as it is */
static inline enum es_errc node_try(struct node *node, const char *name, const char *folder, const char *keys, const char *rest, struct es_error *err)
{
    char text[4096];
    char fresh[256];
    snprintf(fresh, sizeof fresh, "%s", folder ? folder : es_test_tempdir());
    *node = (struct node){0};
    snprintf(node->folder, sizeof node->folder, "%s", fresh);
    if (keys) node_give_key(node, keys);
    snprintf(text, sizeof text, "{\"Site\":\"S\",\"Node\":\"%s\",\"Ledger\":\"%s\",\"LedgerSpool\":\"%s/spool.db\",\"PseudonymKeyFile\":\"%s/site.key\",%s}",
             name, url, node->folder, node->folder, rest);
    const enum es_errc code = es_config_parse(&node->config, text, strlen(text), NULL, err);
    return code == ES_OK ? es_site_open(&node->site, node->config, ES_SITE_WRITE, NULL, err) : code;
}

static inline void node_open(struct node *node, const char *name, const char *folder, const char *keys, const char *rest)
{
    struct es_error err = {0};
    if (node_try(node, name, folder, keys, rest, &err) == ES_OK) return;
    fprintf(stderr, "%s\n", err.text);
    CU_FAIL_FATAL("node");
}

static inline void node_start(struct node *node, const char *name) { node_open(node, name, NULL, NODE_KEY, NET); }

static inline void node_close(struct node *node)
{
    es_site_close(node->site);
    es_config_free(node->config);
}

/** Stop and start again, with another key file when one is given. */
static inline void node_restart(struct node *node, const char *name, const char *keys, const char *rest)
{
    char folder[256];
    snprintf(folder, sizeof folder, "%s", node->folder);
    node_close(node);
    node_open(node, name, folder, keys, rest);
}

static inline struct es_receipt node_receipt(struct node *node, struct es_message *message)
{
    struct es_receipt receipt;
    struct es_error err = {0};
    const struct es_message *list[] = {message};
    if (es_site_take(node->site, list, 1, &receipt, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("take");
    }
    es_unsay(message);
    return receipt;
}

static inline enum es_outcome take(struct node *node, struct es_message *message) { return node_receipt(node, message).outcome; }

static inline void refresh(struct node *node)
{
    struct es_error err = {0};
    enum es_errc code = ES_E_IO;
    for (int i = 0; i < 100 && code == ES_E_IO; i++) { /* away: pauses of 1, 2, ... s */
        if (i > 0) usleep(100000);
        err = (struct es_error){0};
        code = es_site_refresh(node->site, &err);
    }
    if (code == ES_OK) return;
    fprintf(stderr, "%s\n", err.text);
    CU_FAIL("refresh");
}

static inline struct es_cohort_counts counts_of(struct es_site *site)
{
    struct es_cohort_counts counts;
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    return counts;
}

static inline uint64_t exams_of(struct es_site *site) { return counts_of(site).exams; }

static inline void same_cohorts(struct node *a, struct node *b)
{
    char difference[160] = "";
    uint64_t entries = 0;
    struct es_error err = {0};
    if (!es_cohort_same(es_site_cohort(a->site), es_site_cohort(b->site), difference, sizeof difference)) {
        fprintf(stderr, "%s\n", difference);
        CU_FAIL("cohorts differ");
    }
    CU_ASSERT_EQUAL(es_site_now(a->site), es_site_now(b->site));
    if (es_site_verify(a->site, &entries, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL("does not verify");
    }
}

#endif
