/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/gap.h"

#include <float.h>
#include <math.h>

#include "metrics/exact_form.h"
#include "metrics/root.h"
#include "metrics/sequential.h"

void es_gap_add_patient(struct es_gap_sums *sums, const struct es_gap_patient *p)
{
    if (p->ng) es_cluster_add(&sums->group, p->xg, p->ng);
    if (p->nr) es_cluster_add(&sums->rest, p->xr, p->nr);
    sums->xx += (uint64_t)p->xg * p->xr;
    sums->xn += (uint64_t)p->xg * p->nr;
    sums->nx += (uint64_t)p->ng * p->xr;
    sums->nn += (uint64_t)p->ng * p->nr;
    sums->shared += p->ng && p->nr;
}

/** One more case of a patient with x of n: (x+s)^2 - x^2 = (2x + 1) s, and so on. */
static void grow(struct es_cluster_sums *arm, uint32_t x, uint32_t n, bool success)
{
    arm->patients += n == 0;
    arm->n++;
    arm->nn += 2 * (uint64_t)n + 1;
    arm->xn += x;
    if (!success) return;
    arm->x++;
    arm->xx += 2 * (uint64_t)x + 1;
    arm->xn += (uint64_t)n + 1;
}

void es_gap_add_case(struct es_gap_sums *sums, struct es_gap_patient *p, enum es_side arm, bool success)
{
    if (arm == ES_SIDE_NONE) return;
    if (arm == ES_SIDE_GROUP) {
        grow(&sums->group, p->xg, p->ng, success);
        sums->shared += p->ng == 0 && p->nr > 0;
        sums->nx += p->xr;
        sums->nn += p->nr;
        sums->xx += success ? p->xr : 0;
        sums->xn += success ? p->nr : 0;
        p->ng++;
        p->xg += success;
    } else {
        grow(&sums->rest, p->xr, p->nr, success);
        sums->shared += p->nr == 0 && p->ng > 0;
        sums->xn += p->xg;
        sums->nn += p->ng;
        sums->xx += success ? p->xg : 0;
        sums->nx += success ? p->ng : 0;
        p->nr++;
        p->xr += success;
    }
}

static void merge_arm(struct es_cluster_sums *into, const struct es_cluster_sums *from)
{
    into->patients += from->patients;
    into->x += from->x;
    into->n += from->n;
    into->xx += from->xx;
    into->xn += from->xn;
    into->nn += from->nn;
}

void es_gap_merge(struct es_gap_sums *into, const struct es_gap_sums *from)
{
    merge_arm(&into->group, &from->group);
    merge_arm(&into->rest, &from->rest);
    into->xx += from->xx;
    into->xn += from->xn;
    into->nx += from->nx;
    into->nn += from->nn;
    into->shared += from->shared;
}

uint64_t es_gap_patients(const struct es_gap_sums *sums)
{
    return sums->group.patients + sums->rest.patients - sums->shared;
}

bool es_gap_clustered(const struct es_gap_sums *sums)
{
    return es_gap_patients(sums) < sums->group.n + sums->rest.n;
}

/** Patient sums of one arm around the observed rate r = x/n; divided by n^2. */
struct arm_form {
    double rate, n;
    double square, slope, size; /* sum (x_i - r n_i)^2, sum (x_i - r n_i) n_i, sum n_i^2 */
};
/** Everything that a value of d needs. */
struct form {
    struct es_two_by_two table;
    struct arm_form group, rest;
    double cross, cross_group, cross_rest, cross_size; /* sum a b, sum a n_r, sum n_g b, sum n_g n_r; a, b deviations; / (n_g n_r) */
    double patients;                                   /* K */
    bool clustered;
};

static struct arm_form arm_form(const struct es_cluster_sums *s)
{
    const double n = (double)s->n, n2 = n * n;
    const es_i128 slope = (es_i128)s->n * (es_i128)s->xn - (es_i128)s->x * (es_i128)s->nn;
    return (struct arm_form){.rate = (double)s->x / n,
                             .n = n,
                             .square = es_form(s->n, s->x, s->n, s->x, s->xx, s->xn, s->xn, s->nn) / n2 / n2,
                             .slope = (double)slope / n / n2,
                             .size = (double)s->nn / n2};
}

static struct form form_of(const struct es_gap_sums *s)
{
    const struct es_cluster_sums *g = &s->group, *r = &s->rest;
    const double both = (double)g->n * (double)r->n;
    const es_i128 cross_group = (es_i128)g->n * (es_i128)s->xn - (es_i128)g->x * (es_i128)s->nn;
    const es_i128 cross_rest = (es_i128)r->n * (es_i128)s->nx - (es_i128)r->x * (es_i128)s->nn;
    return (struct form){.table = {(double)g->x, (double)g->n, (double)r->x, (double)r->n},
                         .group = arm_form(g),
                         .rest = arm_form(r),
                         .cross = es_form(g->n, g->x, r->n, r->x, s->xx, s->xn, s->nx, s->nn) / both / both,
                         .cross_group = (double)cross_group / (double)g->n / both,
                         .cross_rest = (double)cross_rest / (double)r->n / both,
                         .cross_size = (double)s->nn / both,
                         .patients = (double)es_gap_patients(s),
                         .clustered = es_gap_clustered(s)};
}

static bool empty(const struct es_gap_sums *sums)
{
    return sums->group.n == 0 || sums->rest.n == 0;
}

/** sum (x_i - p n_i)^2 / n^2 = the same around the observed rate, moved by e = r - p. */
static double moved(const struct arm_form *a, double e)
{
    return a->square + e * (2 * a->slope + e * a->size);
}

static struct es_gap_variance variance_at(const struct form *f, double d)
{
    double p, q;
    es_restricted_rates(&f->table, d, &p, &q);
    const double binomial = p * (1 - p) / f->group.n + q * (1 - q) / f->rest.n;
    if (!f->clustered) return (struct es_gap_variance){binomial, binomial};
    const double e = f->group.rate - p, h = f->rest.rate - q;
    const double cross = f->cross + h * f->cross_group + e * f->cross_rest + e * h * f->cross_size;
    const double patients = moved(&f->group, e) + moved(&f->rest, h) - 2 * cross;
    return (struct es_gap_variance){fmax(patients, binomial), binomial};
}

struct es_gap_variance es_gap_null_variance(const struct es_gap_sums *sums, double d)
{
    if (empty(sums) || !(fabs(d) <= 1)) return (struct es_gap_variance){NAN, NAN};
    const struct form f = form_of(sums);
    return variance_at(&f, d);
}

double es_gap_deff(const struct es_gap_sums *sums)
{
    if (empty(sums) || !es_gap_clustered(sums) || es_gap_patients(sums) < 2) return 1;
    const struct form f = form_of(sums);
    const double p = f.group.rate, q = f.rest.rate;
    const double binomial = p * (1 - p) / f.group.n + q * (1 - q) / f.rest.n;
    const double patients = f.patients / (f.patients - 1) * (f.group.square + f.rest.square - 2 * f.cross);
    return binomial > 0 && patients > binomial ? patients / binomial : 1;
}

/** A look: the sums, the boundary, and the side of its search. */
struct look {
    struct form form;
    double gap, rho, alpha;
};

static struct look look_of(const struct es_gap_sums *sums, double margin, double alpha)
{
    const double tune = margin > 0 && margin < 1 ? margin : ES_GAP_TUNING_MARGIN;
    struct look look = {.form = form_of(sums), .alpha = alpha};
    look.gap = look.form.group.rate - look.form.rest.rate;
    look.rho = es_mixture_rho(es_sequence_best_time(tune, alpha), alpha);
    return look;
}

/** K/(K-1); one patient alone has no variance to speak of. */
static double correction(const struct look *look)
{
    const double k = look->form.patients;
    return k > 1 ? k / (k - 1) : 1;
}

/** Square of c(1/v), times v: so written it is finite at v = 0, where it is 0. */
static double boundary(double v, double rho, double alpha)
{
    return v > 0 ? v * (1 + rho * v) * (log1p(1 / (v * rho)) - 2 * log(alpha)) : 0;
}

/** Below 0 inside the set; the observed difference is always inside. */
static double excess(double d, const void *context)
{
    const struct look *look = context;
    const double off = look->gap - d, v = variance_at(&look->form, d).used;
    const double f = off * off - correction(look) * boundary(v, look->rho, look->alpha);
    return off == 0 || f == 0 ? -DBL_MIN : f;
}

#define GRID 16

/** The outermost point of the set towards `end`: its hull, should it have a hole. */
static double edge(const struct look *look, double end)
{
    double outside = end;
    if (end == look->gap || excess(end, look) < 0) return end;
    for (int i = 1; i < GRID; i++) {
        const double d = end + (look->gap - end) * i / GRID;
        if (excess(d, look) < 0) return es_root(excess, look, d, outside, 1e-13);
        outside = d;
    }
    return es_root(excess, look, look->gap, outside, 1e-13);
}

bool es_gap_enough(const struct es_gap_sums *s)
{
    const uint64_t events = s->group.x + s->rest.x, others = s->group.n + s->rest.n - events;
    if (s->group.n < ES_SEQUENTIAL_MIN_CASES || s->rest.n < ES_SEQUENTIAL_MIN_CASES) return false;
    if (events < ES_SEQUENTIAL_MIN_EVENTS || others < ES_SEQUENTIAL_MIN_EVENTS) return false;
    return !es_gap_clustered(s) || (s->group.patients >= ES_GAP_MIN_PATIENTS && s->rest.patients >= ES_GAP_MIN_PATIENTS);
}

bool es_gap_excludes(const struct es_gap_sums *sums, double d, double margin, double alpha)
{
    if (empty(sums) || !(fabs(d) <= 1)) return false;
    const struct look look = look_of(sums, margin, alpha);
    return excess(d, &look) > 0;
}

/** Statistics against d = 0. */
static void at_zero(const struct look *look, struct es_gap_sequence *out)
{
    const struct es_gap_variance v = variance_at(&look->form, 0);
    out->z = look->gap != 0 ? copysign(INFINITY, look->gap) : 0;
    if (!(v.used > 0)) return;
    out->deff = v.binomial > 0 ? v.used / v.binomial : 1;
    out->z = look->gap / sqrt(correction(look) * v.used);
    out->critical = sqrt(boundary(v.used, look->rho, look->alpha) / v.used);
    out->log_e = es_log_normal_mixture(out->z / sqrt(v.used), 1 / v.used, look->rho);
    out->p_anytime = fmin(1, exp(-out->log_e));
}

struct es_gap_sequence es_gap_sequence(const struct es_gap_sums *sums, double margin, double alpha)
{
    struct es_gap_sequence s = {.reason = ES_N_ZERO, .verdict = ES_VERDICT_NOT_ENOUGH, .difference = NAN, .z = NAN,
                                .critical = NAN, .log_e = NAN, .p_anytime = 1, .deff = 1, .limits = {-1, 1}};
    if (empty(sums)) return s;
    const struct look look = look_of(sums, margin, alpha);
    s.difference = look.gap;
    s.limits = (struct es_limits){edge(&look, -1), edge(&look, 1)};
    at_zero(&look, &s);
    s.reason = es_gap_enough(sums) ? ES_REASON_NONE : ES_MIN_N;
    if (s.reason != ES_REASON_NONE) return s;
    const bool differs = s.limits.lo > 0 || s.limits.hi < 0;
    if (margin > 0 && s.limits.lo > -margin && s.limits.hi < margin) {
        s.verdict = ES_VERDICT_PARITY;
        s.flags = differs ? ES_FLAG_NONZERO : 0;
    } else if (differs) {
        s.verdict = ES_VERDICT_DISPARITY;
        s.flags = s.limits.lo > margin || s.limits.hi < -margin ? ES_FLAG_BEYOND_MARGIN : 0;
    }
    return s;
}
