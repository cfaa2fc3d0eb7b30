/* SPDX-License-Identifier: Apache-2.0 */
/* Standardised gaps. Expected numbers: R 4.2.2, and its package metafor 3.8-1 for the Mantel-Haenszel difference and Sato's
 * variance, by this code:
 *
 *   s <- data.frame(x1=c(40,18,9), n1=c(50,30,20), x0=c(90,110,25), n0=c(100,150,40))
 *   mh <- function(s, deff=1) with(s, { N<-n1+n0; w<-n1*n0/N; W<-sum(w); d<-sum(w*(x1/n1-x0/n0))/W
 *     P<-sum((n1^2*x0-n0^2*x1+n1*n0*(n0-n1)/2)/N^2); Q<-sum((x1*(n0-x0)+x0*(n1-x1))/(2*N)); z<-qnorm(.975)
 *     v<-deff*(d*P+Q)/W^2; mid<-d+z^2*deff*P/W^2/2; h<-sqrt(mid^2-d^2+z^2*deff*Q/W^2)
 *     c(d=d,v=v,lo=mid-h,hi=mid+h,p=2*pnorm(-abs(d)/sqrt(deff*Q/W^2)),g=sum(w*x1/n1)/W,r=sum(w*x0/n0)/W)})
 *   direct <- function(s, deff=1) with(s, { w<-(n1+n0)/sum(n1+n0); p<-x1/n1; q<-x0/n0; d<-sum(w*(p-q))
 *     v<-deff*sum(w^2*(p*(1-p)/n1+q*(1-q)/n0))
 *     c(d=d,v=v,lo=d-qnorm(.975)*sqrt(v),hi=d+qnorm(.975)*sqrt(v),p=2*pnorm(-abs(d)/sqrt(v)),g=sum(w*p),r=sum(w*q)) })
 *   mh(s); direct(s); metafor::rma.mh(measure="RD",ai=x1,n1i=n1,ci=x0,n2i=n0,data=s)
 *   i <- 0:119; pat <- i%/%3; k <- 1+(pat*7+i)%%3; g <- (pat%%5<2) != (i%%11==0)
 *   x <- as.integer((pat*13+(i%%2)*5)%%7 < 4)
 *   t <- do.call(rbind, lapply(1:3, function(j) data.frame(x1=sum(x[k==j&g]),n1=sum(k==j&g),x0=sum(x[k==j&!g]),n0=sum(k==j&!g))))
 *   deff <- function(w) { w<-w/sum(w); u<-ifelse(g,(x-(t$x1/t$n1)[k])/t$n1[k],-(x-(t$x0/t$n0)[k])/t$n0[k])*w[k]
 *     U<-tapply(u,pat,sum); K<-length(U); p<-t$x1/t$n1; q<-t$x0/t$n0
 *     max(1,K/(K-1)*sum(U^2)/sum(w^2*(p*(1-p)/t$n1+q*(1-q)/t$n0))) }
 *   a<-deff(t$n1*t$n0/(t$n1+t$n0)); b<-deff(t$n1+t$n0); mh(t,a); direct(t,b)
 */
#include "metrics/standardise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sheets.h"
#include "testlib.h"

/* The linker sends the kernels' malloc() and calloc() here (--wrap). */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

static int until_failure = -1; /* calls that still succeed; below 0: all do */

static bool fails(void)
{
    if (until_failure == 0) return true;
    if (until_failure > 0) until_failure--;
    return false;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

static struct test_sheet sheet, other;
static const struct es_stratum table[] = {{40, 50, 90, 100}, {18, 30, 110, 150}, {9, 20, 25, 40}};

struct expected {
    double d, v, lo, hi, p, group, rest;
};

static void check(const struct es_standard_difference *got, const struct expected *e)
{
    CU_ASSERT_EQUAL(got->status, ES_ESTIMATED);
    CU_ASSERT_DOUBLE_EQUAL(got->difference, e->d, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(got->variance, e->v, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(got->limits.lo, e->lo, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(got->limits.hi, e->hi, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(got->p, e->p, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(got->group, e->group, 1e-13);
    CU_ASSERT_DOUBLE_EQUAL(got->rest, e->rest, 1e-13);
}

static void test_tables_are_those_of_r(void)
{
    static const struct expected mh = {-0.12558139534883719,  0.00266927440351164, -0.22771932211307280, -0.02518864187253186,
                                       0.01400695104339569,  0.66511627906976745,  0.79069767441860461};
    static const struct expected direct = {-0.12692307692307692, 0.00301994575936884, -0.23463100270082660, -0.01921515114532725,
                                           0.02090905728016491,  0.65384615384615385, 0.78076923076923088};
    const struct es_standard_difference a = es_mantel_haenszel(table, 3, 1, 0.05), b = es_direct_standard(table, 3, 1, 0.05);
    check(&a, &mh);
    check(&b, &direct);
}

/** Forty patients of three rows; axis 0: group or rest, axis 1: the stratum. */
static void make_patients(void)
{
    test_sheet_fill(&sheet, 120, 3, 1);
    for (uint32_t i = 0; i < 120; i++) {
        const uint32_t p = i / 3;
        const bool group = (p % 5 < 2) != (i % 11 == 0);
        sheet.patient[i] = p;
        sheet.level[0][i] = group ? 1 : 2;
        sheet.level[1][i] = (uint8_t)(1 + (p * 7 + i) % 3);
        sheet.label[i] = 1;
        sheet.decision[i] = (p * 13 + i % 2 * 5) % 7 < 4;
        sheet.stage[i] = ES_STAGE_REFERENCED;
        sheet.mark[i] = 0;
    }
    sheet.sheet.patients = 40;
}

static const struct es_case_rule rule = {.rate = ES_RATE_SENSITIVITY};
static const uint8_t first[3] = {1, 0, 0};

static void test_clustered_patients_are_those_of_r(void)
{
    static const struct expected mh = {-0.06598114824335904, 0.00943975088194466, -0.25464783685643311, 0.12622243871294780,
                                       0.49844754374910216,  0.52956298200514140, 0.59554413024850050};
    static const struct expected direct = {-0.06563283208020050, 0.00917304045671428, -0.25335032507174110, 0.12208466091134011,
                                           0.49317080076661246,  0.52960526315789469, 0.59523809523809512};
    struct es_standardised s;
    make_patients();
    es_standardise(&sheet.sheet, &test_groupings[1], first, &rule, 1, 0.05, &s);
    CU_ASSERT_TRUE(s.strata == 3 && s.one_armed == 0 && s.cases_group == 51 && s.cases_rest == 69 && s.patients == 40);
    CU_ASSERT_DOUBLE_EQUAL(s.mantel_haenszel_deff, 1.10965931751803, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.direct_deff, 1.10829259036062, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s.crude, 27.0 / 51 - 41.0 / 69, 1e-15);
    check(&s.mantel_haenszel, &mh);
    check(&s.direct, &direct);
    const struct es_comparison c = es_standardised_comparison(&s, false), d = es_standardised_comparison(&s, true);
    CU_ASSERT_TRUE(c.method == ES_INTERVAL_MANTEL_HAENSZEL && d.method == ES_INTERVAL_NORMAL_JOINT);
    CU_ASSERT_STRING_EQUAL(es_interval_name(c.method), "mantel-haenszel");
    CU_ASSERT_TRUE(c.lo == s.mantel_haenszel.limits.lo && c.n_group == 51 && c.flags == ES_FLAG_FEW_CLUSTERS && isnan(c.lo_eq));
    CU_ASSERT_TRUE(d.deff == s.direct_deff && d.hi == s.direct.limits.hi && d.patients_rest == s.patients_rest);
}

/** A gap that is all equipment vanishes, and one that is all people stays, whatever the mix. */
static void test_equipment_is_not_people(void)
{
    /* both arms 0.9 on one scanner and 0.6 on the other; the group is mostly on the worse one */
    static const struct es_stratum scanner[] = {{90, 100, 810, 900}, {540, 900, 60, 100}};
    const struct es_standard_difference a = es_mantel_haenszel(scanner, 2, 1, 0.05), b = es_direct_standard(scanner, 2, 1, 0.05);
    CU_ASSERT_TRUE(fabs(a.difference) < 1e-15 && fabs(b.difference) < 1e-15 && a.limits.lo < 0 && a.limits.hi > 0 && a.p > 0.99);
    /* 0.2 in each, and the crude difference is of the other sign */
    static const struct es_stratum people[] = {{70, 100, 450, 900}, {90, 900, 0, 100}};
    const struct es_standard_difference c = es_mantel_haenszel(people, 2, 1, 0.05);
    CU_ASSERT_TRUE(c.difference > 0.1 && c.limits.lo > 0 && (70.0 + 90) / 1000 < 450.0 / 1000);
}

static void test_strata_without_both_arms_are_counted(void)
{
    struct es_standardised all, s;
    make_patients();
    es_standardise(&sheet.sheet, &test_groupings[1], first, &rule, 1, 0.05, &all);
    uint64_t group_in_3 = 0, unknown = 0, in_2 = 0;
    for (uint32_t i = 0; i < 120; i++) {
        if (sheet.level[1][i] == 3 && sheet.level[0][i] == 2) sheet.level[0][i] = 0; /* stratum 3: the rest is not known */
        group_in_3 += sheet.level[1][i] == 3 && sheet.level[0][i] == 1;
        if (sheet.level[1][i] == 2) in_2++;
        if (sheet.level[1][i] == 2) sheet.level[1][i] = 0; /* stratum 2: not known where */
        unknown += sheet.level[1][i] == 0;
    }
    es_standardise(&sheet.sheet, &test_groupings[1], first, &rule, 1, 0.05, &s);
    CU_ASSERT_TRUE(s.strata == 1 && s.one_armed == 1 && s.is_one_armed[3] && !s.is_one_armed[1] && !s.is_one_armed[0]);
    CU_ASSERT_TRUE(s.cases_one_armed == group_in_3 && s.cases_unknown == in_2 && unknown == in_2);
    CU_ASSERT_DOUBLE_EQUAL(s.mantel_haenszel.difference, s.crude, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(s.direct.difference, s.crude, 1e-15);
    /* standardised for its own axis: no stratum has both arms */
    es_standardise(&sheet.sheet, &test_groupings[1], first, &rule, 0, 0.05, &s);
    CU_ASSERT_TRUE(s.strata == 0 && s.one_armed == 2 && isnan(s.crude) && s.mantel_haenszel_deff == 1);
    const struct es_comparison c = es_standardised_comparison(&s, false);
    CU_ASSERT_TRUE(c.status == ES_NOT_ESTIMABLE && c.reason == ES_N_ZERO && c.method == ES_INTERVAL_NONE && isnan(c.lo));
}

static void test_degenerate_tables(void)
{
    static const struct es_stratum alike[] = {{50, 50, 100, 100}, {20, 20, 30, 30}}, opposite[] = {{3, 3, 0, 3}};
    struct es_standard_difference d = es_mantel_haenszel(alike, 2, 1, 0.05);
    CU_ASSERT_TRUE(d.status == ES_ESTIMATED && d.difference == 0 && d.variance == 0 && isnan(d.limits.lo) && isnan(d.p));
    d = es_direct_standard(alike, 2, 1, 0.05);
    CU_ASSERT_TRUE(d.status == ES_ESTIMATED && d.variance == 0 && isnan(d.limits.hi) && isnan(d.p));
    d = es_mantel_haenszel(opposite, 1, 1, 0.05);
    CU_ASSERT_TRUE(d.difference == 1 && d.variance == 0);
    CU_ASSERT_DOUBLE_EQUAL(d.limits.hi, 1, 1e-12); /* D (D - 2 + z^2/3) = z^2/3 - 1 */
    CU_ASSERT_DOUBLE_EQUAL(d.limits.lo, 1 - 3.841458820694124 / 3, 1e-12);
    d = es_mantel_haenszel(alike, 0, 1, 0.05);
    CU_ASSERT_TRUE(d.status == ES_NOT_ESTIMABLE && isnan(d.difference));
    CU_ASSERT_EQUAL(es_direct_standard(alike, 0, 1, 0.05).status, ES_NOT_ESTIMABLE);
    static const struct es_stratum tiny[] = {{1, 2, 0, 2}};
    d = es_direct_standard(tiny, 1, 8, 0.05);
    CU_ASSERT_TRUE(d.flags == ES_FLAG_CLIPPED && d.limits.lo >= -1 && d.limits.hi == 1);
}

static void test_no_order_changes_a_bit(void)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct es_standardised a, b;
        test_sheet_fill(&sheet, 500, 4, seed);
        test_sheet_permute(&sheet, &other, seed * 7);
        memset(&a, 0, sizeof a);
        memset(&b, 0, sizeof b);
        es_standardise(&sheet.sheet, &test_groupings[1], first, &rule, 1, 0.05, &a);
        es_standardise(&other.sheet, &test_groupings[1], first, &rule, 1, 0.05, &b);
        CU_ASSERT_TRUE(a.strata >= 2 && a.patients > 10);
        CU_ASSERT_EQUAL(a.mantel_haenszel_deff, b.mantel_haenszel_deff);
        CU_ASSERT_TRUE(a.direct_deff == b.direct_deff && a.patients == b.patients);
        CU_ASSERT_TRUE(memcmp(&a.mantel_haenszel.limits, &b.mantel_haenszel.limits, sizeof a.mantel_haenszel.limits) == 0);
    }
}

static void same(const struct es_standardised *a, const struct es_standardised *b)
{
    CU_ASSERT_TRUE(a->strata == b->strata && a->one_armed == b->one_armed && a->cases_group == b->cases_group);
    CU_ASSERT_TRUE(a->cases_rest == b->cases_rest && a->cases_one_armed == b->cases_one_armed && a->cases_unknown == b->cases_unknown);
    CU_ASSERT_TRUE(a->patients == b->patients && a->patients_group == b->patients_group && a->patients_rest == b->patients_rest);
    CU_ASSERT_TRUE(memcmp(a->is_one_armed, b->is_one_armed, sizeof a->is_one_armed) == 0);
    CU_ASSERT_TRUE(a->crude == b->crude || (isnan(a->crude) && isnan(b->crude)));
    CU_ASSERT_DOUBLE_EQUAL(a->mantel_haenszel_deff, b->mantel_haenszel_deff, 1e-6 * b->mantel_haenszel_deff);
    CU_ASSERT_DOUBLE_EQUAL(a->direct_deff, b->direct_deff, 1e-6 * b->direct_deff);
    CU_ASSERT_EQUAL(a->mantel_haenszel.status, b->mantel_haenszel.status);
    if (a->strata == 0) return;
    CU_ASSERT_TRUE(a->mantel_haenszel.difference == b->mantel_haenszel.difference && a->direct.difference == b->direct.difference);
    CU_ASSERT_DOUBLE_EQUAL(a->mantel_haenszel.limits.lo, b->mantel_haenszel.limits.lo, 1e-7);
    CU_ASSERT_DOUBLE_EQUAL(a->direct.limits.hi, b->direct.limits.hi, 1e-7);
}

/** Every level of every axis given every other axis: as one at a time, for both rates. */
static void test_all_at_once_are_those_one_by_one(void)
{
    struct es_standard_table all = {0};
    size_t met = 0, clustered = 0;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        test_sheet_fill(&sheet, 600, seed < 4 ? 3 : 60, seed);
        for (int rate = 0; rate < 2; rate++) {
            const struct es_case_rule either = {.rate = (enum es_rate)rate, .exploratory = true};
            CU_ASSERT_TRUE_FATAL(es_standardise_all(&sheet.sheet, &either, 0.05, &all));
            for (uint8_t a = 0; a < sheet.sheet.axes; a++)
                for (uint8_t b = 0; b < sheet.sheet.axes; b++)
                    for (uint8_t l = 0; a != b && l < sheet.sheet.axis_levels[a]; l++) {
                        const struct es_grouping grouping = {1, {a, 0, 0}};
                        const uint8_t level[3] = {l, 0, 0};
                        struct es_standardised one;
                        es_standardise(&sheet.sheet, &grouping, level, &either, b, 0.05, &one);
                        same(es_standard_at(&all, a, l, b), &one);
                        met += one.strata > 0;
                        clustered += one.direct_deff > 1.01;
                    }
            es_standard_table_free(&all);
        }
    }
    CU_ASSERT_TRUE(met > 40 && clustered > 10);
}

/** The numbers of R, through the table; and the smallest cell of the crossing, counted by hand. */
static void test_the_table_has_the_numbers_of_r(void)
{
    struct es_standard_table all = {0};
    uint32_t cell[3][4][2] = {{{0}}};
    uint64_t least = UINT64_MAX;
    make_patients();
    CU_ASSERT_TRUE_FATAL(es_standardise_all(&sheet.sheet, &rule, 0.05, &all));
    const struct es_standardised *s = es_standard_at(&all, 0, 1, 1);
    CU_ASSERT_DOUBLE_EQUAL(s->mantel_haenszel_deff, 1.10965931751803, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(s->direct_deff, 1.10829259036062, 1e-8);
    CU_ASSERT_DOUBLE_EQUAL(s->mantel_haenszel.limits.lo, -0.25464783685643311, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(s->direct.limits.hi, 0.12208466091134011, 1e-9);
    for (uint32_t i = 0; i < 120; i++) cell[sheet.level[0][i]][sheet.level[1][i]][sheet.decision[i]]++;
    for (int i = 0; i < 24; i++)
        if ((&cell[0][0][0])[i] && (&cell[0][0][0])[i] < least) least = (&cell[0][0][0])[i];
    CU_ASSERT_TRUE(all.least[0][1] == least && all.least[1][0] == least && all.least[0][0] == 0);
    es_standard_table_free(&all);
    CU_ASSERT_PTR_NULL(all.entry);
}

static void test_the_table_knows_no_order(void)
{
    struct es_standard_table a = {0}, b = {0};
    test_sheet_fill(&sheet, 500, 4, 5);
    test_sheet_permute(&sheet, &other, 77);
    CU_ASSERT_TRUE_FATAL(es_standardise_all(&sheet.sheet, &rule, 0.05, &a) && es_standardise_all(&other.sheet, &rule, 0.05, &b));
    for (uint8_t l = 0; l < sheet.sheet.axis_levels[0]; l++) {
        const struct es_standardised *x = es_standard_at(&a, 0, l, 1), *y = es_standard_at(&b, 0, l, 1);
        CU_ASSERT_TRUE(x->mantel_haenszel_deff == y->mantel_haenszel_deff && x->direct_deff == y->direct_deff);
    }
    es_standard_table_free(&a);
    es_standard_table_free(&b);
}

static void test_memory_that_runs_out_leaves_an_empty_table(void)
{
    make_patients();
    int failures = 0;
    for (int n = 0; n < 40; n++) {
        struct es_standard_table t = {.axes = 9};
        until_failure = n;
        const bool fits = es_standardise_all(&sheet.sheet, &rule, 0.05, &t);
        until_failure = -1;
        if (fits) {
            es_standard_table_free(&t);
            break;
        }
        failures++;
        CU_ASSERT_TRUE(t.entry == NULL && t.axes == 0);
    }
    CU_ASSERT_EQUAL(failures, 4 + 2 * sheet.sheet.axes * (sheet.sheet.axes - 1)); /* cells of each ordered pair, twice */
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"tables_are_those_of_r", test_tables_are_those_of_r},
        {"clustered_patients_are_those_of_r", test_clustered_patients_are_those_of_r},
        {"equipment_is_not_people", test_equipment_is_not_people},
        {"strata_without_both_arms_are_counted", test_strata_without_both_arms_are_counted},
        {"degenerate_tables", test_degenerate_tables},
        {"no_order_changes_a_bit", test_no_order_changes_a_bit},
        {"all_at_once_are_those_one_by_one", test_all_at_once_are_those_one_by_one},
        {"the_table_has_the_numbers_of_r", test_the_table_has_the_numbers_of_r},
        {"the_table_knows_no_order", test_the_table_knows_no_order},
        {"memory_that_runs_out_leaves_an_empty_table", test_memory_that_runs_out_leaves_an_empty_table},
        {NULL, NULL},
    };
    return es_test_main("standardise", tests, argc, argv);
}
