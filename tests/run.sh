#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install what is needed, build, run every test, and end with `N passed, N failed`.
#
#   tests/run.sh [--quick]     --quick: the release build only (no sanitizer builds)
#
# Runs: the release build with every test (real Orthanc included), then the memory and thread sanitizer builds with the
# tests that neither start a host of their own nor ("heavy") repeat by the thousand what others of them run once.
set -uo pipefail
cd "$(dirname "$0")/.."
quick=
[ "${1:-}" = --quick ] && quick=yes

passed=0 failed=0 skipped=0
# Count the closing lines "N passed, N failed[, N skipped]" of every test program in a CTest log.
count() {
  local p f s
  read -r p f s < <(awk 'match($0, /[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?/) {
      split(substr($0, RSTART, RLENGTH), w, /[ ,]+/); p += w[1]; f += w[3]; s += w[5] } END { print p + 0, f + 0, s + 0 }' "$1")
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
}
run() { # run PRESET CTEST-ARGUMENT...
  local preset=$1 log status
  shift
  plugin/setup.sh --test "$preset" || { failed=$((failed + 1)); echo "tests: build of $preset failed"; return; }
  log=build/$preset/tests.log
  echo "tests: running ($preset)"
  ctest --preset "$preset" --verbose -j2 "$@" >"$log" 2>&1
  status=$?
  grep -E 'FAILED|Failed|Timeout|SEGFAULT|ERROR: |WARNING: ThreadSanitizer|runtime error' "$log" | head -60
  grep -E '^ *[0-9]+/[0-9]+ Test ' "$log"
  local before=$failed
  count "$log"
  # A program that died before its closing line is a failure too.
  if [ $status -ne 0 ] && [ $failed -eq $before ]; then failed=$((failed + 1)); fi
}
run release
if [ -z "$quick" ]; then
  run asan -LE 'host|heavy'
  run tsan -L threads
fi
echo "$skipped skipped (bulk data beside the project is not there, or a tool is missing)"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
