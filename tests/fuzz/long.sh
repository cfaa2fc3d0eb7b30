#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Build the fuzz targets with clang, AddressSanitizer and UndefinedBehaviorSanitizer, and run each for a while from its corpus. Prints executions
# and findings; what is found stays in build/fuzz/found/TARGET and belongs into the corpus with its fix.
#
#   tests/fuzz/long.sh [SECONDS [TARGET...]]      1800 seconds each; facts config ledger body event result rules mask png seg csv hl7 fhir json text
set -uo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-1800}
shift || true
[ $# -gt 0 ] || set -- facts config ledger body event result rules mask png seg csv hl7 fhir json text
command -v clang >/dev/null || { echo "clang is needed"; exit 2; }
CC=clang CXX=clang++ cmake -B build/fuzz -G Ninja -DES_FUZZ=ON -DES_BENCH=OFF -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DES_SANITIZE=address,undefined,fuzzer-no-link >build/fuzz.log 2>&1 || { tail build/fuzz.log; exit 1; }
cmake --build build/fuzz --target "${@/#/fuzz_}" >>build/fuzz.log 2>&1 || { tail build/fuzz.log; exit 1; }
findings=0
for target in "$@"; do
  found=build/fuzz/found/$target
  mkdir -p "$found" "build/fuzz/grown/$target"
  corpus=()
  [ -d "tests/fuzz/corpus/$target" ] && corpus+=("tests/fuzz/corpus/$target")
  case $target in facts | result | seg) corpus+=(testdata/dicom/malformed testdata/dicom/odd testdata/dicom/ai-sr testdata/dicom/images) ;; esac
  began=$SECONDS
  ASAN_OPTIONS=detect_odr_violation=0 LSAN_OPTIONS=suppressions=tests/lsan.supp:print_suppressions=0 \
    build/fuzz/bin/fuzz_"$target" -max_total_time="$seconds" -max_len=65536 -timeout=25 -rss_limit_mb=3000 -print_final_stats=1 \
    -artifact_prefix="$found/" "build/fuzz/grown/$target" "${corpus[@]}" >"build/fuzz/$target.log" 2>&1
  took=$((SECONDS - began)) # less than asked for where a finding ended it
  n=$(find "$found" -type f | wc -l)
  findings=$((findings + n))
  printf '%-8s %10s executions, %s s, findings: %s\n' "$target" \
    "$(sed -n 's/^stat::number_of_executed_units: *//p' "build/fuzz/$target.log" | tail -1)" "$took" "$n"
done
[ "$findings" -eq 0 ]
