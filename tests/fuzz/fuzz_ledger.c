/* SPDX-License-Identifier: Apache-2.0 */
/* A ledger file, with everything that is done to one that is there: opened, its entries read and decoded, its chain proved, its heads asked
 * for. The key's id is that of the ledgers in the corpus. Held: no failure without its words; what is verified can be read to its end. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/ledger/ledger.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static char folder[] = "/dev/shm/evensight-fuzz.XXXXXX", path[64], url[80];

static void tear_down(void)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".lease"};
    char name[80];
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
    (void)rmdir(folder);
}

static bool look(void *context, const struct es_entry *entry)
{
    uint64_t *count = context;
    struct es_event event = {0};
    ++*count;
    if (entry->body != NULL && es_event_decode(&event, entry->body, entry->len, NULL) == ES_OK) es_event_clear(&event);
    return *count < 10000;
}

static void check(enum es_errc code, const struct es_error *err)
{
    if (code != ES_OK && (err->code != code || err->text[0] == '\0')) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static int ready;
    struct es_ledger *ledger = NULL;
    struct es_head *heads = NULL;
    size_t n_heads = 0;
    uint64_t walked = 0, proved = 0;
    if (!ready) {
        if (mkdtemp(folder) == NULL) abort();
        snprintf(path, sizeof path, "%s/l.db", folder);
        snprintf(url, sizeof url, "sqlite:%s", path);
        (void)atexit(tear_down);
        ready = 1;
    }
    FILE *file = fopen(path, "wb");
    if (file == NULL || fwrite(bytes, 1, len, file) != len || fclose(file) != 0) abort();
    struct es_error err = {0};
    enum es_errc code = es_ledger_open(&ledger, url, "A", "9cd855e8b07366dc", false, false, &err);
    check(code, &err);
    if (code != ES_OK) return 0;
    code = es_ledger_verify(ledger, &proved, &err);
    check(code, &err);
    err = (struct es_error){0};
    const enum es_errc read = es_ledger_walk(ledger, 0, UINT64_MAX, look, &walked, &err);
    check(read, &err);
    if (code == ES_OK && (read != ES_OK || (walked < 10000 && walked != proved))) abort();
    err = (struct es_error){0};
    code = es_ledger_heads(ledger, &heads, &n_heads, &err);
    check(code, &err);
    free(heads);
    es_ledger_close(ledger);
    return 0;
}
