/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/estimate.h"

static const struct {
    const char *code, *words;
} reasons[ES_REASON_COUNT] = {
    [ES_REASON_NONE] = {"", ""},
    [ES_NO_CASES] = {"no_cases", "no case with a reference was seen"},
    [ES_NO_POSITIVES] = {"no_positives", "no diseased case was seen"},
    [ES_NO_NEGATIVES] = {"no_negatives", "no disease-free case was seen"},
    [ES_NO_PREDICTED_POSITIVES] = {"no_predicted_pos", "the model raised no alert"},
    [ES_NO_PREDICTED_NEGATIVES] = {"no_predicted_neg", "the model raised an alert for every case"},
    [ES_N_ZERO] = {"n_zero", "there is nothing to count"},
    [ES_N_LT_2] = {"n_lt_2", "a single case or patient has no spread"},
    [ES_ZERO_VARIANCE] = {"zero_variance", "all cases are alike, so the spread is zero"},
    [ES_SEPARATION] = {"separation", "the scores separate the classes completely, so a fit has no finite answer"},
    [ES_NOT_PROBABILITY] = {"not_probability", "the scores are not probabilities between 0 and 1"},
    [ES_NO_SCORES] = {"no_scores", "no case has a score"},
    [ES_MIN_N] = {"min_n", "too few cases or patients for a verdict"},
    [ES_NOT_REACHABLE] = {"not_reachable", "no number of further cases can reach a verdict"},
    [ES_NO_VERIFIED_NEGATIVES] = {"no_verified_negatives", "no verified case without an alert is counted here, so misses cannot be seen"},
    [ES_VERIFICATION] = {"verification", "unverified cases could turn the difference round"},
    [ES_EVERYONE_HAS_NO_REST] = {"everyone_has_no_rest", "the group of everyone has nobody to be compared with"},
    [ES_NO_REST] = {"no_rest", "no case is known to be outside this group"},
    [ES_UNBOUNDED] = {"unbounded", "what it is divided by was never seen, so that it has no upper end"},
    [ES_NO_OVERLAP] = {"no_overlap", "at no level of the other attribute are there cases of both the group and the rest"},
    [ES_NO_LESIONS] = {"no_lesions", "no lesion was seen by the reference"},
    [ES_EMPTY_MASKS] = {"empty_masks", "in every unit one of the two masks is empty"},
    [ES_NO_MARKS] = {"no_marks", "the marks have no scores"},
    [ES_NO_RANGE] = {"no_range", "the plan of daily looks needs the range of the measurement (Range)"},
    [ES_TOO_SMALL_TO_SHOW] = {"suppressed", "withheld, as it would tell of few patients"},
};

const char *es_reason_code(enum es_reason reason)
{
    return (unsigned)reason < ES_REASON_COUNT ? reasons[reason].code : "";
}

const char *es_reason_words(enum es_reason reason)
{
    return (unsigned)reason < ES_REASON_COUNT ? reasons[reason].words : "";
}

const char *es_flag_name(uint32_t flag)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } flags[] = {{ES_FLAG_FEW_CLUSTERS, "few_clusters"},   {ES_FLAG_DEFF_FLOORED, "deff_floored"},
                 {ES_FLAG_DEFF_UNKNOWN, "deff_unknown"},   {ES_FLAG_BEYOND_MARGIN, "beyond_margin"},
                 {ES_FLAG_NONZERO, "nonzero"},             {ES_FLAG_AI_AWARE, "ai_aware"},
                 {ES_FLAG_CLIPPED, "clipped"}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (flags[i].flag == flag) return flags[i].name;
    return NULL;
}

const char *es_interval_name(enum es_interval method)
{
    static const char *const names[] = {
        [ES_INTERVAL_NONE] = "none",
        [ES_INTERVAL_WILSON_CLUSTERED] = "wilson-clustered",
        [ES_INTERVAL_LOGIT_OBUCHOWSKI] = "logit-obuchowski",
        [ES_INTERVAL_NEWCOMBE_AUROC] = "newcombe-auroc",
        [ES_INTERVAL_RATIO_CLUSTERED] = "ratio-clustered",
        [ES_INTERVAL_LOG_RATIO] = "log-ratio",
        [ES_INTERVAL_FIT_CLUSTERED] = "fit-clustered",
        [ES_INTERVAL_MN_CLUSTERED] = "miettinen-nurminen-clustered",
        [ES_INTERVAL_NORMAL_JOINT] = "normal-joint",
        [ES_INTERVAL_WILSON] = "wilson",
        [ES_INTERVAL_SEQUENTIAL_SCORE] = "sequential-score",
        [ES_INTERVAL_E_PROCESS] = "e-process",
        [ES_INTERVAL_CONFIDENCE_SEQUENCE] = "confidence-sequence",
        [ES_INTERVAL_MANTEL_HAENSZEL] = "mantel-haenszel",
        [ES_INTERVAL_T_CLUSTERED] = "t-clustered",
        [ES_INTERVAL_LINEAR_CLUSTERED] = "linearised-clustered",
        [ES_INTERVAL_MCGRAW_WONG] = "mcgraw-wong",
        [ES_INTERVAL_MOVER] = "mover-clustered",
        [ES_INTERVAL_KOOPMAN_CLUSTERED] = "koopman-clustered",
        [ES_INTERVAL_CLOPPER_PEARSON] = "clopper-pearson",
        [ES_INTERVAL_DELONG] = "delong",
        [ES_INTERVAL_BERNSTEIN] = "empirical-bernstein",
    };
    return (size_t)method < sizeof names / sizeof names[0] ? names[method] : "";
}

struct es_estimate es_not_estimable(enum es_reason reason, uint64_t n, uint64_t patients)
{
    const double none = (double)NAN;
    return (struct es_estimate){ES_NOT_ESTIMABLE, reason, none, none, none, n, patients, ES_INTERVAL_NONE, 0};
}
