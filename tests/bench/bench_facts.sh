#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Facts per file beside pydicom's dcmread with the same tags asked for, and beside opening the file and reading 4 KiB, in one run over the same
# files. Aims: 50 times as fast as the first, within 3 times of the second. Needs python3-pydicom. Secondary captures may be results
# and are read whole, by DCMTK. Nothing is asserted.
#
#   tests/bench/bench_facts.sh [FOLDER [BUILD]]      FOLDER of DICOM files: testdata/dicom/images
set -euo pipefail
cd "$(dirname "$0")/../.."
folder=${1:-testdata/dicom/images} build=${2:-build/release}
mapfile -t files < <(find "$folder" -type f -name '*.dcm' | sort)
read -r facts facts_median floor floor_median < <("$build/bin/bench_facts" 40 "${files[@]}")
# The tags stand in dicom/attributes.c; the second column of its rows is the VR.
mapfile -t tags < <(sed -n 's/^ *{0x\([0-9A-F]\{8\}\), "..",.*/\1/p' dicom/attributes.c)
read -r pydicom pydicom_median < <(/usr/bin/python3 - "${#tags[@]}" "${tags[@]}" "${files[@]}" <<'PY'
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
medians = []
for path in files:
    times = []
    for _ in range(7):
        begin = time.perf_counter()
        once(path)
        times.append((time.perf_counter() - begin) * 1e6)
    medians.append(statistics.median(times))
print(f"{statistics.mean(medians):.1f} {statistics.median(medians):.1f}")
PY
)
awk -v n=${#files[@]} -v f="$facts" -v fm="$facts_median" -v o="$floor" -v om="$floor_median" -v p="$pydicom" -v pm="$pydicom_median" 'BEGIN {
  printf "%d files: microseconds of the mean and the median file\n", n
  printf "%-32s %9.2f %9.2f\n", "open and read 4 KiB (floor)", o, om
  printf "%-32s %9.2f %9.2f   times the floor (aim: 3): %.1f and %.1f\n", "facts", f, fm, f / o, fm / om
  printf "%-32s %9.2f %9.2f   facts are as many times as fast (aim: 50): %.0f and %.0f\n", "pydicom, specific_tags", p, pm, p / f, pm / fm }'
