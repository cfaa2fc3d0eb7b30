/* SPDX-License-Identifier: Apache-2.0 */
/** @file well_formed.h
 * Is a page's markup as it should be? For the tests of everything that writes HTML.
 */
#ifndef ES_TESTS_WELL_FORMED_H
#define ES_TESTS_WELL_FORMED_H

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

static inline bool es_test_markup_void(const char *name)
{
    static const char *const names[] = {"meta", "br", "path", "circle", "rect", "!doctype"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) return true;
    return false;
}

/** The end of a tag: what follows its name is attributes, each value between quotation marks, and no other tag begins within.
 * @return NULL when it is not so */
static inline const char *es_test_markup_tag(const char *at)
{
    bool quoted = false;
    for (; *at && (quoted || *at != '>'); at++) {
        if (*at == '<') return NULL;
        if (*at != '"') continue;
        if (quoted ? !strchr(" >/", at[1]) : at[-1] != '=') return NULL;
        quoted = !quoted;
    }
    return *at ? at : NULL;
}

/** Every element that is opened is closed, in order, and every tag is whole.
 * @return the first name at fault, "" when all is well; valid until the next call */
static inline const char *es_test_markup_fault(const char *text)
{
    static char open[64][16], name[16];
    size_t depth = 0;
    for (const char *at = text; (at = strchr(at, '<')) != NULL; at++) {
        const bool closing = at[1] == '/';
        size_t len = 0;
        for (const char *c = at + 1 + closing; (isalnum((unsigned char)*c) || *c == '!') && len < 15; c++) name[len++] = (char)tolower((unsigned char)*c);
        name[len] = '\0';
        if (len == 0) return "<";
        at = es_test_markup_tag(at + 1);
        if (!at) return name;
        if (es_test_markup_void(name) || at[-1] == '/') continue;
        if (!closing) {
            if (depth == 64) return name;
            memcpy(open[depth++], name, sizeof name);
        } else if (depth == 0 || strcmp(open[--depth], name) != 0) {
            return name;
        }
    }
    return depth ? open[depth - 1] : "";
}

#endif
