/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a POST to ingest/events, taken into a ledger in memory. Held: it is answered, the answer is JSON, its counts are those of the
 * lines that are not blank, and a second time nothing is new. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/base/json.h"
#include "plugin/worker/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ROUNDS 2000 /* bodies of one ledger */

static char folder[] = "/dev/shm/evensight-fuzz.XXXXXX", path[64];
static struct es_config *config;
static struct es_site *site;
static unsigned rounds;

static void empty(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", ".lease"};
    char name[80];
    es_site_close(site);
    site = NULL;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void tear_down(void)
{
    char name[80];
    empty();
    snprintf(name, sizeof name, "%s/key", folder);
    (void)unlink(name);
    (void)rmdir(folder);
    es_config_free(config);
}

static void set_up(void)
{
    char text[512];
    if (config == NULL) {
        if (mkdtemp(folder) == NULL) abort();
        snprintf(path, sizeof path, "%s/l.db", folder);
        const int n = snprintf(text, sizeof text,
            "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s\",\"PseudonymKeyFile\":\"%s/key\",\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
            "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Threshold\":0.5}]}]}", path, folder);
        if (es_config_parse(&config, text, (size_t)n, NULL, NULL) != ES_OK) abort();
        (void)atexit(tear_down);
    }
    if (++rounds % ROUNDS == 0) empty();
    if (site == NULL && es_site_open(&site, config, ES_SITE_WRITE, NULL, NULL) != ES_OK) abort();
}

static double number(const cJSON *answer, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(answer, key);
    if (!cJSON_IsNumber(item)) abort();
    return item->valuedouble;
}

/* @return messages that were new */
static double take(const char *body, size_t len, double *lines)
{
    struct es_load_counts counts = {0};
    struct es_error err = {0};
    char *text = NULL;
    cJSON *answer = NULL;
    const enum es_errc code = es_load_lines(site, body, len, &counts, &text, &err);
    if (code != ES_OK || text == NULL || es_json_parse(&answer, text, strlen(text), false, NULL) != ES_OK) abort();
    const double fresh = number(answer, "taken") + number(answer, "revised");
    *lines = fresh + number(answer, "duplicate") + number(answer, "refused");
    cJSON_Delete(answer);
    free(text);
    return fresh;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    double lines = 0, again = 0;
    char *body = malloc(len + 1); /* as a job holds it: with a NUL behind */
    set_up();
    if (body == NULL) abort();
    if (len > 0) memcpy(body, bytes, len);
    body[len] = '\0';
    (void)take(body, len, &lines);
    if (take(body, len, &again) != 0 || again != lines) abort();
    free(body);
    return 0;
}
