/* SPDX-License-Identifier: Apache-2.0 */
/** @file storing.h
 * What runs on an archive's storing thread, and how it is got ready.
 *
 * Between two instances the archive writes to disk for milliseconds, so that nothing of ours is left in any cache: fetching code and tables line by
 * line as they are reached costs several times what running them does. So that code lies together, in a section of its own, and all of it is
 * asked for at once, while the archive is asked for the instance. A hint in every sense: nothing depends on it. Any thread.
 */
#ifndef ES_DICOM_STORING_H
#define ES_DICOM_STORING_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Before the definition of a function that runs for every stored image. */
#define ES_STORING __attribute__((section("es_storing")))

#define ES_CACHE_LINE 64

/** Ask for bytes that will be read. They need not be there. */
static inline void es_prefetch(const void *from, size_t len)
{
    for (size_t at = 0; at < len; at += ES_CACHE_LINE) __builtin_prefetch((const char *)from + at);
}

/** Ask for the code of that section, and for the tables that es_skim() and es_kind_of_class() look things up in. */
void es_storing_prefetch(void);

#ifdef __cplusplus
}
#endif
#endif
