/* SPDX-License-Identifier: Apache-2.0 */
/** @file fail.h
 * What every.c asks of a program under fail.c, over a socket: one run from the same beginning with one call failing.
 */
#ifndef ES_TESTS_FAIL_H
#define ES_TESTS_FAIL_H

enum fail_kind { FAIL_NOTHING, FAIL_WRITE, FAIL_SYNC, FAIL_MEMORY };

struct fail_request {
    enum fail_kind kind;
    int on;           /* every later call fails too, as on a disk that stays full */
    unsigned long at; /* which call fails, from 1; 0: none, they are only counted */
};
struct fail_answer {
    int status; /* of wait(2) */
    unsigned long calls;
};

#define FAIL_SECONDS 60 /* a run that takes longer hangs: it ends with SIGALRM */

#endif
