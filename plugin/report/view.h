/* SPDX-License-Identifier: Apache-2.0 */
/** @file view.h
 * Reading a release: what the page and the plots share, so that both show the same words, numbers and order.
 *
 * A release is a cJSON tree (schema evensight-report/1, DESIGN 9). Everything here borrows it and copies nothing but short
 * texts. Absent, suppressed and not estimable are answers of their own; none of them ever turns into 0. Numbers are printed
 * without printf's floating conversions, which follow the host's locale: the same release gives the same bytes everywhere.
 */
#ifndef ES_PLUGIN_REPORT_VIEW_H
#define ES_PLUGIN_REPORT_VIEW_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/error.h"

#define ES_VIEW_LABEL 512 /* bytes of a group's label, cut at a character when longer */

/** @return ES_OK, or ES_E_PARSE saying what was found where a release was expected */
ES_MUST_USE enum es_errc es_view_check(const cJSON *release, struct es_error *err);

/** A string member; "" when it is absent, null or no string. */
const char *es_view_string(const cJSON *object, const char *key);
/** A number member; NAN when it is absent, null, suppressed or no number. */
double es_view_number(const cJSON *object, const char *key);
/** A member at a path of two keys; NULL when either is absent. */
const cJSON *es_view_at(const cJSON *object, const char *key, const char *inner);

enum es_shown { ES_SHOWN_ABSENT, ES_SHOWN_NUMBER, ES_SHOWN_SUPPRESSED };
/** A count as disclosed. n is 0 unless shown is ES_SHOWN_NUMBER; read shown first. */
struct es_view_count {
    enum es_shown shown;
    uint64_t n;
};
struct es_view_count es_view_count(const cJSON *object, const char *key);

enum es_view_status { ES_VIEW_ABSENT, ES_VIEW_ESTIMATED, ES_VIEW_NOT_ESTIMABLE, ES_VIEW_SUPPRESSED };
/** A statistic of a group. The doubles are NAN unless estimated; lo and hi also when only the value is known. */
struct es_view_metric {
    enum es_view_status status;
    double value, lo, hi;
    struct es_view_count n, patients; /* denominator and its patients */
    const char *method, *words;       /* borrowed; "" when none. words: why not estimable */
    bool ai_aware;     /* the reference reader may have seen the AI result: agreement, not accuracy (flag ai_aware) */
    bool few_patients; /* the interval rests on few patients (flag few_clusters) */
};
struct es_view_metric es_view_metric(const cJSON *group, const char *name);

/** One model, version, finding and epoch: a chapter of the report. Pointers are borrowed from the release. */
struct es_view_finding {
    const cJSON *model, *finding, *epoch;    /* epoch: the model's row of that id, NULL when it has none */
    const char *model_name, *version, *name; /* version "" when not told */
    unsigned epoch_id, index;                /* index: 1, 2, ... over the release */
};
/** Step through all findings in the release's order: start with `{0}`. @return false at the end, *at is then unchanged */
bool es_view_next(const cJSON *release, struct es_view_finding *at);

/** Number of axes of a group: 0 everyone, 1 a single attribute, more an intersection. */
size_t es_view_axes(const cJSON *group);
/** "everyone", "sex F", "sex F, age 80+". Valid UTF-8 whatever the release holds. @param group  the {"axis":"level"} object
 * itself */
void es_view_label(const cJSON *group, char *out, size_t size);
/** True when a level of the group is "unknown". */
bool es_view_unknown(const cJSON *group);
/** A metric's title from the release's catalogue; its name when the catalogue has none. */
const char *es_view_title(const cJSON *release, const char *metric);
/** Units in which a finding's values of this metric stand, such as "ml"; "" where they have none or none are configured. */
const char *es_view_units(const cJSON *release, const struct es_view_finding *at, const char *metric);
/** A level of confidence in (0,1) in per cent, as text: "95", "97.5". */
void es_view_percent_of(double level, char *out, size_t size);
/** How often the verdicts may be looked at: "sequential: may be looked at every day", "fixed-size: 2 planned looks; not for daily
 * looking". */
void es_view_looks(const cJSON *release, char *out, size_t size);
/** Code word in plain words: "no_positives" to "no positives". */
void es_view_plain(const char *code, char *out, size_t size);

/** A number with a fixed count of decimals (0 to 6) and a point; "--" when it is not finite or past 1e12. Halves round away
 * from 0. */
void es_view_fixed(double value, int decimals, char *out, size_t size);
/** 22433 as "22,433". */
void es_view_grouped(uint64_t n, char *out, size_t size);
/** A count for people: "22,433", "suppressed", "--". */
void es_view_count_text(struct es_view_count count, char *out, size_t size);
/** part of whole in per cent without decimals ("<1 %" and ">99 %" where rounding would say 0 or 100); "--" when either is not
 * shown or whole is 0. */
void es_view_percent(struct es_view_count part, struct es_view_count whole, char *out, size_t size);

/** Next code point of a text, which is moved past it. Ill-formed bytes, controls (but tab and newline) and
 * bidirectional overrides (which could make a label read as another) come as U+FFFD. @return 0 at the end */
uint32_t es_utf8_next(const char **at);
/** Write one code point. @return bytes written, 1 to 4 */
size_t es_utf8_put(uint32_t code_point, char out[4]);
/** How many code points a text has: its width where each is one column wide. */
size_t es_utf8_count(const char *text);
/** Copy a text with ill-formed parts replaced, cut at a character to fit. */
void es_utf8_clean(const char *in, char *out, size_t size);

#endif
