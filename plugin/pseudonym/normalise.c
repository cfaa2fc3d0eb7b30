/* SPDX-License-Identifier: Apache-2.0 */
/* Rules of ES_NORMALISATION 1. They decide which identifiers meet: a change is a new version, never an edit. */
#include <ctype.h>
#include <string.h>

#include "plugin/pseudonym/pseudonym.h"

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* What systems write when there is no identifier. Compared after trimming and upper case. The list is part of the version of normalisation:
 * another one would give other pseudonyms. What more stands in headers instead of an identifier is taken out before (es_text_is_dummy()). */
static bool dummy(const char *id)
{
    static const char *const words[] = {"0", "ANON", "ANONYMISED", "ANONYMIZED", "ANONYMOUS", "DEFAULT", "DUMMY", "N/A", "NA",
                                        "NIL", "NO ID", "NO_ID", "NOID", "NONE", "NOT AVAILABLE", "NOT KNOWN", "NULL", "TEST",
                                        "UNDEFINED", "UNK", "UNKNOWN", "UNSPECIFIED", "XXX"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(id, words[i]) == 0) return true;
    size_t same = 0, len = 0;
    bool telling = false; /* a letter, a digit or a byte beyond ASCII */
    for (; id[len] != '\0'; len++) {
        same += id[len] == id[0];
        telling = telling || isalnum((unsigned char)id[len]) != 0 || (unsigned char)id[len] >= 0x80;
    }
    return !telling || (len >= 4 && same == len);
}

void es_normalise_id(const char *value, const char *prefix, char *out, size_t size)
{
    if (size == 0) return;
    while (blank(*value)) value++;
    size_t len = strlen(value);
    while (len > 0 && blank(value[len - 1])) len--;
    if (len >= size) len = size - 1;
    for (size_t i = 0; i < len; i++) out[i] = upper(value[i]);
    out[len] = '\0';
    if (dummy(out)) out[0] = '\0';
    size_t skip = 0;
    const size_t prefix_len = prefix == NULL ? 0 : strlen(prefix);
    if (prefix_len > 0 && prefix_len < len && out[0] != '\0') {
        while (skip < prefix_len && out[skip] == upper(prefix[skip])) skip++;
        if (skip < prefix_len) skip = 0;
    }
    while (out[skip] == '0' && out[skip + 1] != '\0') skip++;
    memmove(out, out + skip, strlen(out + skip) + 1);
    if (dummy(out)) out[0] = '\0';
}
