/* SPDX-License-Identifier: Apache-2.0 */
/** @file testlib.h
 * What every test program shares: a table of named tests, run all or the one named on the command line.
 */
#ifndef ES_TESTS_TESTLIB_H
#define ES_TESTS_TESTLIB_H

#include <CUnit/CUnit.h>
#include <stdbool.h>
#include <stddef.h>

/** One test. A table ends with {NULL, NULL}. */
struct es_test {
    const char *name; /* says what holds: merge_at_the_limit_changes_nothing */
    void (*run)(void);
};

/** Run a module's tests (all, or those named in argv). Prints each failure, then "N passed, N failed, N skipped".
 * @return the exit status: 0 when none failed, 77 when every test was skipped */
int es_test_main(const char *module, const struct es_test *tests, int argc, char **argv);

/** Count the running test as skipped, with a reason ("testdata not there"); return from the test afterwards. */
void es_test_skip(const char *reason);

/** Path of a file under the source tree: testdata("dicom/ct.dcm"). Static buffers, eight in turn. */
const char *es_testdata(const char *relative);
/** Path under the bulk data beside the project (../shared/data), or NULL when that is not there. */
const char *es_bulkdata(const char *relative);
/** A fresh empty directory for one test, removed at exit. Static buffers, eight in turn. */
const char *es_test_tempdir(void);
/** Read a whole file; NUL-terminated; free() it. NULL when it cannot be read. */
char *es_test_slurp(const char *path, size_t *len);
/** Put a text behind the one in `out`, of `size` bytes; a failure of the test when it has no room. */
void es_test_append(char *out, size_t size, const char *text);

#endif
