#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Facts per file beside pydicom's dcmread with the same tags asked for, and beside opening the file and reading 4 KiB, in one run over the same
# files. Aims: 50 times as fast as the first (by processor time), within 3 times of the second. Needs python3-pydicom. Of results (secondary captures, SR, ...)
# every value is kept, since a rule may name any: all files, and all but those, in a line each. Nothing is asserted.
#
#   tests/bench/bench_facts.sh [FOLDER [BUILD]]      FOLDER of DICOM files: testdata/dicom/images
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-testdata/dicom/images} build=${2:-build/release}
mapfile -t files < <(find "$folder" -type f -name '*.dcm' | sort)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$build/bin/bench_facts" 40 "${files[@]}" >"$work/ours"
# The tags stand in dicom/attributes.c; the second column of its rows is the VR.
mapfile -t tags < <(sed -n 's/^ *{0x\([0-9A-F]\{8\}\), "..",.*/\1/p' dicom/attributes.c)
/usr/bin/python3 - "${#tags[@]}" "${tags[@]}" "${files[@]}" >"$work/pydicom" <<'PY'
import sys, time, warnings, statistics
import pydicom
warnings.simplefilter("ignore")
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
n = int(sys.argv[1])
tags, files = [int(t, 16) for t in sys.argv[2:2 + n]], sys.argv[2 + n:]
def once(path):
    try:
        pydicom.dcmread(path, specific_tags=tags, stop_before_pixels=True)
    except Exception:
        pass
for path in files:
    times = []
    for _ in range(7):
        begin = time.process_time()
        once(path)
        times.append((time.process_time() - begin) * 1e6)
    print(f"{statistics.median(times):.1f}")
PY
statistics() { sort -n "$1" | awk '{ v[NR] = $1; s += $1 } END { print s / NR, v[int(NR / 2) + 1] }'; }
paste -d' ' "$work/ours" "$work/pydicom" >"$work/all"
grep '^image' "$work/all" >"$work/images" || { echo "no images among them"; exit 1; }
for set in all images; do
  for column in 2 3 4; do cut -d' ' -f$column "$work/$set" >"$work/column.$column"; done
  read -r facts facts_median < <(statistics "$work/column.2")
  read -r floor floor_median < <(statistics "$work/column.3")
  read -r pydicom pydicom_median < <(statistics "$work/column.4")
  awk -v set=$set -v n="$(wc -l <"$work/$set")" -v f="$facts" -v fm="$facts_median" -v o="$floor" -v om="$floor_median" -v p="$pydicom" -v pm="$pydicom_median" 'BEGIN {
    printf "%s: %d files, microseconds of the mean and the median file\n", set, n
    printf "%-32s %9.2f %9.2f\n", "open and read 4 KiB (floor)", o, om
    printf "%-32s %9.2f %9.2f   times the floor (aim: 3): %.1f and %.1f\n", "facts", f, fm, f / o, fm / om
    printf "%-32s %9.2f %9.2f   facts are as many times as fast (aim: 50): %.0f and %.0f\n", "pydicom, specific_tags", p, pm, p / f, pm / fm }'
done
