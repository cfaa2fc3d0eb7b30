/* SPDX-License-Identifier: Apache-2.0 */
/** @file evensight.h
 * The public C interface: feed DICOM objects and events, ask for the subgroup report.
 *
 * For vendors and integrators. Opaque handle, plain C99 types, no DICOM toolkit type, no host type. The library never exits,
 * aborts, installs a signal handler, or writes to standard output. Every call may come from any thread: calls on one handle take
 * turns. Names carry the prefix `evensight_`. Link with -levensight; pkg-config knows the flags.
 *
 * Errors: calls return a status; `evensight_error()` gives one line for the calling thread's last failure, which says what was
 * found and what was expected and never holds a patient's value.
 */
#ifndef EVENSIGHT_H
#define EVENSIGHT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define EVENSIGHT_API __attribute__((visibility("default")))
#else
#define EVENSIGHT_API
#endif

typedef struct evensight evensight;

typedef enum evensight_status {
    EVENSIGHT_OK = 0,
    EVENSIGHT_REFUSED = 1,  /* this object or event was refused; nothing was kept of it, others go on */
    EVENSIGHT_USAGE = 2,    /* arguments or configuration */
    EVENSIGHT_LEDGER = 3,   /* the ledger could not be opened, read or written: nothing was kept */
    EVENSIGHT_MEMORY = 4
} evensight_status;

/** What became of what was handed in. Set `size` to sizeof(evensight_receipt) before the call, so that fields can be added later. */
typedef struct evensight_receipt {
    size_t size;
    uint32_t taken, revised, duplicate, refused; /* events */
    uint32_t silent; /* 1: an object that says nothing here, e.g. an AI object no configured model recognises */
} evensight_receipt;

/** "0.1.0" */
EVENSIGHT_API const char *evensight_version(void);
/** One line about the calling thread's last failure; "" when there was none. Valid until the thread's next call. */
EVENSIGHT_API const char *evensight_error(void);

/** Open a site for writing by its configuration file. One process at a time holds the ledger's lease.
 * @param out  owned by the caller: evensight_close(); NULL on failure */
EVENSIGHT_API evensight_status evensight_open(evensight **out, const char *configuration);
/** Commit and close. NULL is allowed. */
EVENSIGHT_API void evensight_close(evensight *handle);

/** Take one DICOM object in memory (Part 10 or bare data set); borrowed for the call. On EVENSIGHT_OK it is durable.
 * @param receipt  may be NULL */
EVENSIGHT_API evensight_status evensight_take_object(evensight *handle, const void *bytes, size_t length, evensight_receipt *receipt);
/** The same from a file; pixels are not loaded. */
EVENSIGHT_API evensight_status evensight_take_file(evensight *handle, const char *path, evensight_receipt *receipt);
/** Take events as JSON Lines (one object a line; schema in the README). Refused lines do not stop the others: the status is
 * EVENSIGHT_REFUSED when there was one, evensight_error() names the first. */
EVENSIGHT_API evensight_status evensight_take_events(evensight *handle, const char *lines, size_t length, evensight_receipt *receipt);

/** Render the report as of now for the internal audience.
 * @param format  "json", "html", "csv", "openmetrics" or "text"
 * @param bytes   owned by the caller: evensight_free(); NUL-terminated, the NUL not counted */
EVENSIGHT_API evensight_status evensight_report(evensight *handle, const char *format, char **bytes, size_t *length);
/** Prove the ledger's chain and that the cohort in memory is what it says. */
EVENSIGHT_API evensight_status evensight_verify(evensight *handle, uint64_t *entries);
EVENSIGHT_API void evensight_free(void *bytes);

#ifdef __cplusplus
}
#endif
#endif
