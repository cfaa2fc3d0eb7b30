/* SPDX-License-Identifier: Apache-2.0 */
/** @file secret.h
 * Memory for what must not be seen behind our back: identifiers, names, birth dates and texts of patients, for as long as they are in clear.
 *
 * Its pages are left out of core dumps (madvise(2), MADV_DONTDUMP) and every block is wiped before it is given back, so that neither a crash
 * report nor a later reader of freed memory shows a patient. Pages are kept for reuse until the process ends. Under AddressSanitizer the
 * blocks come from malloc(), so that its checks hold for them; they are wiped all the same.
 *
 * Any thread. What libraries hold of a patient is theirs: plugin/README.md says which, and for how long.
 */
#ifndef ES_DICOM_SECRET_H
#define ES_DICOM_SECRET_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A block of zeros, aligned for any type. NULL: no memory. End with es_secret_free(). */
void *es_secret_new(size_t size);
/** `count` things of `size` bytes; NULL also when that is more than there can be. */
void *es_secret_list(size_t count, size_t size);
/** Move a block (NULL: none yet) to one of at least `size` bytes; what is new is zero, what was is wiped. NULL: no memory, and `old` is as it was. */
void *es_secret_resize(void *old, size_t size);
/** A copy of a text. NULL: no memory. */
char *es_secret_text(const char *text);
/** Wipe and give back. NULL is allowed. */
void es_secret_free(void *block);

/** Whole pages for a thread's stack, the lowest of them without access, so that running over stops the process. NULL: no memory. */
void *es_secret_stack_new(size_t size);
/** `size` as it was given. NULL is allowed. */
void es_secret_stack_free(void *stack, size_t size);
/** Overwrite what calls that have returned left in registers and below the caller's own frame: nearly 2 KiB of it, or 256 KiB. For
 * threads that are not ours. */
void es_secret_wipe_stack(void);
void es_secret_wipe_deep_stack(void);

#ifdef __cplusplus
}
#endif
#endif
