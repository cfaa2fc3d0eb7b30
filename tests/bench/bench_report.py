#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The figures of bench_report by vectorised NumPy and scikit-learn: bench_report.py FILE ROWS.

FILE holds the columns patient (u32), score (f64), decision, label and six levels (u8). For everyone, each level of each axis and
each cell of all pairs: five rates, Brier and O:E with patient-clustered standard errors, their differences from the rest with
joint patient terms for sensitivity and specificity, AUROC with the clustered variance of Obuchowski (1997), and calibration slopes.
"""
import resource
import sys
import time
from itertools import combinations

try:
    import numpy as np
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
except ImportError as missing:
    print(" NumPy and scikit-learn: not there (%s)" % missing)
    sys.exit(0)

LEVELS = [3, 8, 6, 5, 4, 3]


def ratio(x, n, patient):
    """Mean x/n and its patient-clustered variance; patient indices ascend."""
    first = np.flatnonzero(np.diff(patient, prepend=patient[:1] - np.uint32(1)))
    sx, sn = np.add.reduceat(x, first), np.add.reduceat(n, first)
    total = sn.sum()
    if total == 0:
        return np.nan, np.nan
    p, k = sx.sum() / total, np.count_nonzero(sn)
    return p, k / max(k - 1, 1) * np.sum((sx - p * sn) ** 2) / total**2


def rates(y, d, s, patient):
    one = np.ones(len(y))
    yd = y * d
    return [ratio(yd, y, patient), ratio((1 - y) * (1 - d), 1 - y, patient), ratio(yd, d, patient),
            ratio((1 - y) * (1 - d), 1 - d, patient), ratio(1.0 * (y == d), one, patient), ratio(d, one, patient),
            ratio(y, one, patient), ratio((s - y) ** 2, one, patient), ratio(y, s, patient)]


def auroc(y, s, patient):
    """Area by scikit-learn, clustered variance from placements."""
    pos, neg = y == 1, y == 0
    if not pos.any() or not neg.any():
        return np.nan, np.nan
    area = roc_auc_score(y, s)
    sp, sn = np.sort(s[pos]), np.sort(s[neg])
    place = np.empty(len(y))
    place[pos] = (np.searchsorted(sn, s[pos], "left") + np.searchsorted(sn, s[pos], "right")) / (2 * len(sn))
    place[neg] = 1 - (np.searchsorted(sp, s[neg], "left") + np.searchsorted(sp, s[neg], "right")) / (2 * len(sp))
    first = np.flatnonzero(np.diff(patient, prepend=patient[:1] - np.uint32(1)))
    dp = np.add.reduceat(np.where(pos, place - area, 0), first) / len(sp)
    dn = np.add.reduceat(np.where(neg, place - area, 0), first) / len(sn)
    return area, np.sum(dp**2) + np.sum(dn**2) + 2 * np.sum(dp * dn)


def joint(y, hit, patient, patients, inside, outside):
    """Difference of a rate from the rest with joint patient terms (METRICS J1)."""
    u = np.zeros(patients)
    value = []
    for mask, sign in ((inside, 1), (outside, -1)):
        n = (y * mask).sum()
        if n == 0:
            return np.nan, np.nan
        p = (hit * mask).sum() / n
        value.append(p)
        u += sign * np.bincount(patient, (hit - p * y) * mask, patients) / n
    return value[0] - value[1], np.sum(u * u)


def main(path, rows):
    raw = open(path, "rb").read()
    at = 0
    columns = []
    for kind, size in [("u4", 4), ("f8", 8)] + [("u1", 1)] * 8:
        columns.append(np.frombuffer(raw, kind, rows, at))
        at += size * rows
    patient, score, decision, label = columns[:4]
    level, y, d = columns[4:], label.astype(float), decision.astype(float)
    logit = np.log(score / (1 - score))
    patients = int(patient[-1]) + 1
    start, cpu = time.perf_counter(), time.process_time()
    groups, slopes, slope_time = 0, 0, 0.0
    for axes in [()] + [(a,) for a in range(6)] + list(combinations(range(6), 2)):
        cell = np.zeros(rows, np.int64)
        known = np.ones(rows, bool)
        for a in axes:
            cell = cell * LEVELS[a] + level[a]
            known &= level[a] > 0
        for k in np.unique(cell):
            inside = cell == k
            rates(y[inside], d[inside], score[inside], patient[inside])
            auroc(y[inside], score[inside], patient[inside])
            if axes:
                outside = known & ~inside
                joint(y, y * d, patient, patients, inside, outside)
                joint(1 - y, (1 - y) * (1 - d), patient, patients, inside, outside)
            groups += 1
            before = time.perf_counter()
            if 0 < y[inside].sum() < inside.sum():
                LogisticRegression(C=1e12, tol=1e-8).fit(logit[inside, None], label[inside])
                slopes += 1
            slope_time += time.perf_counter() - before
    wall, used = time.perf_counter() - start, time.process_time() - cpu
    print(" NumPy and scikit-learn: %d groups %.1f s, %d slopes %.1f s more  (cpu %.1f in all)  peak %.0f MiB" %
          (groups, wall - slope_time, slopes, slope_time, used, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


main(sys.argv[1], int(sys.argv[2]))
