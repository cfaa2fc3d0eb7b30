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

static char url[512];    /* of the ledger, for the nodes */
static char direct[512]; /* the same, straight to the server */

/** Stop, kill or start the server (tests/postgresql/server.sh). */
static inline void control(const char *what)
{
    char command[1200];
    snprintf(command, sizeof command, "\"%s\" %s \"%s\"", getenv("ES_POSTGRESQL_CONTROL"), what, getenv("ES_POSTGRESQL_DIR"));
    if (system(command) != 0) CU_FAIL_FATAL("the server cannot be controlled");
}

/** A database of its own for each test, with the ledger's table distributed where the mode asks for it: its URL is in `url`. false: no server, and the test is skipped. */
static inline bool fresh_database(void)
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
    snprintf(direct, sizeof direct, "%s", url);
    const char *mode = getenv("ES_POSTGRESQL_MODE"), *second = getenv("ES_POSTGRESQL_SECOND");
    if (mode && mode[0]) {
        snprintf(command, sizeof command, "\"%s\" %s '%s' '%s'", getenv("ES_POSTGRESQL_DISTRIBUTE"), mode, url, second ? second : "");
        if (system(command) != 0) CU_FAIL_FATAL("the table is not distributed");
    }
    return true;
}

/** Run commands in the test's database, past any node. */
static inline void sql(const char *commands)
{
    char command[2400];
    snprintf(command, sizeof command, "PGOPTIONS=-cclient_min_messages=warning psql -q -X -v ON_ERROR_STOP=1 '%s' -c \"%s\" >/dev/null", direct, commands);
    if (system(command) != 0) CU_FAIL_FATAL("psql");
}

/** The number that a query gives. */
static inline long sql_number(const char *query)
{
    char command[1600], line[40] = "";
    snprintf(command, sizeof command, "psql -q -X -A -t '%s' -c \"%s\"", direct, query);
    FILE *pipe = popen(command, "r");
    const bool good = pipe && fgets(line, sizeof line, pipe);
    if (!good || pclose(pipe) != 0) CU_FAIL_FATAL("psql");
    return strtol(line, NULL, 10);
}

#endif
