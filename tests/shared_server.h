/* SPDX-License-Identifier: Apache-2.0 */
/** @file shared_server.h
 * The PostgreSQL server that tests/postgresql/run.sh started for a test program: stop and start it, a fresh database in it.
 */
#ifndef ES_TESTS_SHARED_SERVER_H
#define ES_TESTS_SHARED_SERVER_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "testlib.h"

static char url[512]; /* of the ledger */

/** Stop, kill or start the server (tests/postgresql/server.sh). */
static void control(const char *what)
{
    char command[1200];
    snprintf(command, sizeof command, "\"%s\" %s \"%s\"", getenv("ES_POSTGRESQL_CONTROL"), what, getenv("ES_POSTGRESQL_DIR"));
    if (system(command) != 0) CU_FAIL_FATAL("the server cannot be controlled");
}

/** A database of its own for each test: its URL is in `url`. false: no server, and the test is skipped. */
static bool fresh_database(void)
{
    static unsigned count;
    const char *base = getenv("ES_POSTGRESQL_URL");
    char command[1200];
    if (!base) {
        es_test_skip("no PostgreSQL server");
        return false;
    }
    const char *slash = strrchr(base, '/');
    snprintf(url, sizeof url, "%.*s/t%ld_%u", (int)(slash - base), base, (long)getpid(), ++count);
    snprintf(command, sizeof command, "psql -q -X '%s' -c 'CREATE DATABASE t%ld_%u'", base, (long)getpid(), count);
    if (system(command) != 0) CU_FAIL_FATAL("no database");
    return true;
}

#endif
