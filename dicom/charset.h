/* SPDX-License-Identifier: Apache-2.0 */
/** @file charset.h
 * SpecificCharacterSet (0008,0005) to UTF-8 with iconv(3), code extensions by ISO 2022 escapes included.
 *
 * Source: PS3.3 C.12.1.1.2, tables C.12-2 to C.12-5; PS3.5 6.1.2.5 and annexes H to K. Used by text.c. Any thread.
 */
#ifndef ES_DICOM_CHARSET_H
#define ES_DICOM_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

/**
 * Convert bytes. Each byte that cannot be read becomes U+FFFD.
 *
 * @param charset  value as in the file, values separated by backslashes; 0 bytes mean ISO 646
 * @param out      size bytes, not NUL-terminated; 4 for each input byte hold whatever comes out, what is beyond is cut; used is set
 * @return false when something could not be read, or the character set is not one of PS3.3
 */
bool es_charset_to_utf8(const char *charset, size_t charset_len, const char *bytes, size_t len, char *out, size_t size, size_t *used);

#endif
