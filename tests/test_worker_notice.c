/* SPDX-License-Identifier: Apache-2.0 */
/* What stands beside a release while the worker is degraded, and that the release itself stays what it was. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/worker/notice.h"
#include "testlib.h"
#include "worker_host.h"

/* 2026-03-01T10:02:11Z and a fraction that nobody wants to read */
static const int64_t since = INT64_C(1772359331123456);

static struct es_worker_status degraded(const char *reason)
{
    struct es_worker_status status = {.phase = ES_WORKER_DEGRADED, .degraded_since = since, .has_release = true, .release_basis = 7};
    snprintf(status.reason, sizeof status.reason, "%s", reason);
    return status;
}

static void the_notice_says_since_when_and_why(void)
{
    char out[ES_NOTICE_SIZE];
    struct es_worker_status status = degraded("ledger: found \"full\"\r\nno room");
    CU_ASSERT_EQUAL(es_worker_notice(&status, out), strlen(out));
    CU_ASSERT_STRING_EQUAL(out, "Degraded since 2026-03-01T10:02:11Z: ledger: found \"full\"  no room. What is shown may stand still until this is over; "
                                "nothing that was acknowledged is lost.");
    memset(status.reason, 'x', sizeof status.reason - 1);
    CU_ASSERT_TRUE(es_worker_notice(&status, out) < sizeof out - 1); /* the longest fits */
    CU_ASSERT_PTR_NOT_NULL(strstr(out, " is lost."));
    static const enum es_worker_phase others[] = {ES_WORKER_STARTING, ES_WORKER_READY, ES_WORKER_STOPPED};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        status.phase = others[i];
        CU_ASSERT_EQUAL(es_worker_notice(&status, out), 0);
        CU_ASSERT_STRING_EQUAL(out, "");
    }
}

static void the_strip_has_four_states(void)
{
    struct es_worker_status running = {.phase = ES_WORKER_READY, .has_release = true, .release_basis = 7};
    const struct es_worker_status starting = {.phase = ES_WORKER_STARTING}, broken = degraded("<b>\"no\" & 'room'");
    const struct {
        const struct es_worker_status *status;
        uint64_t basis;
        const char *has;
    } cases[] = {{&running, 7, "The monitor is running, and this is its current report"},
                 {&running, 6, "A newer report has been made: <a href=\"app/\" target=\"_top\">show it</a>"},
                 {&starting, 7, "The monitor is starting"},
                 {&broken, 7, "<p class=\"warn\" role=\"alert\">Degraded since 2026-03-01T10:02:11Z: &lt;b&gt;&quot;no&quot; &amp; "}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_bytes out = {0};
        CU_ASSERT_EQUAL_FATAL(es_worker_strip(cases[i].status, cases[i].basis, "app/", since, &out, NULL), ES_OK);
        const char *text = (const char *)out.data;
        CU_ASSERT_PTR_NOT_NULL(strstr(text, cases[i].has));
        if (!strstr(text, cases[i].has)) printf("%s\n", text);
        for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) CU_ASSERT_TRUE(k == i || strstr(text, cases[k].has) == NULL);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "<meta http-equiv=\"refresh\" content=\"30\">"));
        CU_ASSERT_PTR_NOT_NULL(strstr(text, "(looked at 2026-03-01T10:02:11Z)"));
        CU_ASSERT_PTR_NULL(strstr(text, "<b>"));
        es_bytes_free(&out);
    }
}

static void status_and_metrics_say_since_when(void)
{
    char text[ES_STATUS_SIZE];
    struct es_worker_status status = degraded("path \\a\"b\"\tc");
    CU_ASSERT_EQUAL(es_worker_status_json(&status, text, sizeof text), strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ",\"since\":\"2026-03-01T10:02:11.123456Z\""));
    CU_ASSERT_EQUAL(es_worker_status_metrics(&status, text, sizeof text), strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_degraded 1\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_degraded_since_seconds{reason=\"path \\\\a\\\"b\\\" c\"} 1772359331\n"));
    memset(status.reason, '"', sizeof status.reason - 1);
    CU_ASSERT_EQUAL(es_worker_status_metrics(&status, text, sizeof text), strlen(text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_worker_events_refused_total 0\n")); /* the last: all of them fit */
    status.phase = ES_WORKER_READY;
    (void)es_worker_status_json(&status, text, sizeof text);
    CU_ASSERT_PTR_NULL(strstr(text, "since"));
    (void)es_worker_status_metrics(&status, text, sizeof text);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nevensight_degraded 0\n"));
    CU_ASSERT_PTR_NULL(strstr(text, "evensight_degraded_since"));
}

static void what_stands_beside_a_page_is_put_at_its_head(void)
{
    static char html[] = "<html>\n<body>\n<p>a</p>\n</body>\n", text[] = "a\n";
    const struct es_bytes pages[] = {{(unsigned char *)html, sizeof html - 1}, {(unsigned char *)text, sizeof text - 1}};
    static const char *const expected[] = {"<html>\n<body>\nX<p>a</p>\n</body>\n", "Xa\n"};
    for (size_t i = 0; i < 2; i++) {
        struct es_bytes out = {0};
        CU_ASSERT_EQUAL_FATAL(es_page_beside(&pages[i], "X", &out, NULL), ES_OK);
        CU_ASSERT_STRING_EQUAL((const char *)out.data, expected[i]);
        CU_ASSERT_EQUAL(out.len, strlen(expected[i]));
        es_bytes_free(&out);
    }
    struct es_bytes banner = {0};
    struct es_worker_status status = degraded("a < b");
    CU_ASSERT_EQUAL_FATAL(es_worker_banner(&status, &banner, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)banner.data, "Degraded since 2026-03-01T10:02:11Z: a &lt; b. What"));
    es_bytes_free(&banner);
    status.phase = ES_WORKER_READY;
    CU_ASSERT_EQUAL_FATAL(es_worker_banner(&status, &banner, NULL), ES_OK);
    CU_ASSERT_EQUAL(banner.len, 0);
    es_bytes_free(&banner);
}

/* The ledger goes away under a worker that has made a release: since when is told and stays told, whatever is tried; the release's bytes
 * are those of before. */
static void a_release_is_the_same_bytes_while_degraded(void)
{
    struct es_worker_status status;
    char path[600], away[620];
    const char *folder = es_test_tempdir();
    struct es_config *config = host_configuration(folder);
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    snprintf(away, sizeof away, "%s.away", path);
    host_reset();
    host_store(10);
    struct es_worker *worker = start(config);
    open_and_settle(worker, &status);
    struct es_surface *before = es_worker_surface(worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(before);
    const int64_t from = es_clock();
    CU_ASSERT_EQUAL_FATAL(rename(path, away), 0);
    host_store(11);
    CU_ASSERT_TRUE(offer(worker, 10));
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    const int64_t first = status.degraded_since;
    CU_ASSERT_TRUE(first >= from && first <= es_clock());
    usleep(300000); /* it is tried again, more than once */
    es_worker_status(worker, &status);
    CU_ASSERT_EQUAL(status.phase, ES_WORKER_DEGRADED);
    CU_ASSERT_EQUAL(status.degraded_since, first);
    struct es_surface *meanwhile = es_worker_surface(worker);
    CU_ASSERT_PTR_NOT_NULL_FATAL(meanwhile);
    for (int i = 0; i < ES_PAGES; i++) {
        CU_ASSERT_EQUAL_FATAL(before->pages[i].len, meanwhile->pages[i].len);
        CU_ASSERT_EQUAL(memcmp(before->pages[i].data, meanwhile->pages[i].data, before->pages[i].len), 0);
    }
    es_surface_drop(before);
    es_surface_drop(meanwhile);
    CU_ASSERT_EQUAL_FATAL(rename(away, path), 0);
    CU_ASSERT_TRUE(settled(worker, &status));
    CU_ASSERT_EQUAL(seen(worker), 11);
    end_worker(worker);
    es_config_free(config);
}

static const struct es_test tests[] = {{"the_notice_says_since_when_and_why", the_notice_says_since_when_and_why},
                                       {"the_strip_has_four_states", the_strip_has_four_states},
                                       {"status_and_metrics_say_since_when", status_and_metrics_say_since_when},
                                       {"what_stands_beside_a_page_is_put_at_its_head", what_stands_beside_a_page_is_put_at_its_head},
                                       {"a_release_is_the_same_bytes_while_degraded", a_release_is_the_same_bytes_while_degraded},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("worker_notice", tests, argc, argv);
}
