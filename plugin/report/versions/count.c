/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/versions/count.h"

#include <stdlib.h>

/** One patient's units are all there: into the sums. */
static void flush(struct es_pair_counts *c)
{
    const uint32_t *n = c->now;
    const uint32_t pairs = n[0] + n[1] + n[2] + n[3];
    es_paired_add(&c->paired, n[ES_PAIR_ONLY_AFTER], n[ES_PAIR_ONLY_BEFORE], pairs);
    const uint32_t before = n[ES_PAIR_BOTH] + n[ES_PAIR_ONLY_BEFORE], after = n[ES_PAIR_BOTH] + n[ES_PAIR_ONLY_AFTER];
    es_cluster_add(&c->share[ES_SHARE_BEFORE], before, pairs);
    es_cluster_add(&c->share[ES_SHARE_AFTER], after, pairs);
    es_cluster_add(&c->share[ES_SHARE_ALL_BEFORE], before + n[ES_ALONE_BEFORE_RIGHT],
                   pairs + n[ES_ALONE_BEFORE_RIGHT] + n[ES_ALONE_BEFORE_WRONG]);
    es_cluster_add(&c->share[ES_SHARE_ALL_AFTER], after + n[ES_ALONE_AFTER_RIGHT],
                   pairs + n[ES_ALONE_AFTER_RIGHT] + n[ES_ALONE_AFTER_WRONG]);
    for (int i = 0; i < ES_PAIR_CELLS; i++) {
        c->cell[i] += n[i];
        c->people[i] += n[i] > 0;
        c->now[i] = 0;
    }
}

static void flush_group(struct es_pair_group *group)
{
    for (int m = 0; m < ES_PAIR_MEASURES; m++) flush(&group->measure[m]);
}

static enum es_pair_cell cell_of(uint8_t before, uint8_t after, uint8_t label)
{
    if (after == ES_NO_ANSWER) return before == label ? ES_ALONE_BEFORE_RIGHT : ES_ALONE_BEFORE_WRONG;
    if (before == ES_NO_ANSWER) return after == label ? ES_ALONE_AFTER_RIGHT : ES_ALONE_AFTER_WRONG;
    if (before == label) return after == label ? ES_PAIR_BOTH : ES_PAIR_ONLY_BEFORE;
    return after == label ? ES_PAIR_ONLY_AFTER : ES_PAIR_NEITHER;
}

static void add(struct es_pair_group *group, const struct es_pairs *pairs, uint32_t row)
{
    const uint8_t label = pairs->label[row];
    if (group->patient != pairs->patient[row] + 1) {
        flush_group(group);
        group->patient = pairs->patient[row] + 1;
    }
    group->rows++;
    for (int side = 0; side < 2; side++)
        if (pairs->decision[side][row] == 0) (label == ES_NO_ANSWER ? group->unverified : group->verified)[side]++;
    if (label == ES_NO_ANSWER) return;
    group->measure[label == 1 ? ES_PAIR_SENSITIVITY : ES_PAIR_SPECIFICITY]
        .now[cell_of(pairs->decision[0][row], pairs->decision[1][row], label)]++;
}

/** Place of a level in printing order: 1, 2, ..., and 0 (unknown) last. */
static size_t place_of(uint8_t level, uint8_t levels)
{
    return level ? level - 1u : levels - 1u;
}

bool es_pairs_count(const struct es_pairs *pairs, const struct es_grouping *grouping, uint32_t number, struct es_pair_group **out,
                    size_t *count)
{
    size_t cells = 1, kept = 0; /* at most ES_MAX_LEVELS to the third */
    for (uint8_t a = 0; a < grouping->n; a++) cells *= pairs->levels[grouping->axis[a]].count;
    struct es_pair_group *groups = calloc(cells, sizeof *groups);
    *out = NULL;
    if (!groups) return false;
    for (uint32_t row = 0; row < pairs->rows; row++) {
        size_t at = 0;
        for (uint8_t a = 0; a < grouping->n; a++) {
            const uint8_t axis = grouping->axis[a], levels = pairs->levels[axis].count;
            at = at * levels + place_of(pairs->level[axis][row], levels);
        }
        add(&groups[at], pairs, row);
    }
    for (size_t i = 0; i < cells; i++) {
        size_t rest = i;
        if (groups[i].rows == 0 && grouping->n > 1) continue;
        flush_group(&groups[i]);
        groups[i].key = (struct es_group_key){.grouping = number};
        for (uint8_t a = grouping->n; a-- > 0;) {
            const uint8_t levels = pairs->levels[grouping->axis[a]].count;
            groups[i].key.level[a] = (uint8_t)((rest % levels + 1) % levels);
            rest /= levels;
        }
        groups[kept++] = groups[i];
    }
    *out = groups;
    *count = kept;
    return true;
}
