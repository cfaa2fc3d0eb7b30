/* SPDX-License-Identifier: Apache-2.0 */
/** @file charset.h
 * Bytes of a named character set to UTF-8, by iconv(3). Any thread.
 */
#ifndef ES_PLUGIN_INTAKE_CHARSET_H
#define ES_PLUGIN_INTAKE_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "dicom/error.h"

/** Is it the name of a character set that can be read? */
bool es_charset_known(const char *charset);
/** Convert.
 * @param charset  as iconv knows it; "" and NULL: UTF-8, whose form is checked
 * @param out      owned by the caller (free), NUL-terminated; *out_len without the NUL
 * @return ES_OK, ES_E_PARSE ("found bytes that are no text of the character set ISO-2022-JP"), ES_E_MEMORY, ES_E_LIMIT (NUL inside is
 *         ES_E_PARSE) */
ES_MUST_USE enum es_errc es_charset_decode(const char *charset, const char *bytes, size_t len, char **out, size_t *out_len, struct es_error *err);

#endif
