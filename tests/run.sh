#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install what is needed, build, run every test, and end with `N passed, N failed`.
#
#   tests/run.sh [--quick]     --quick: the release build only (no sanitizer builds)
#
# Runs: the release build with every test; then, at once, those of its tests that start a host of their own (a real Orthanc: one at a time, and mostly
# waiting), and the memory and thread sanitizer builds with the others, but for those ("heavy") that repeat by the thousand what others run once.
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
build() { # build PRESET
  plugin/setup.sh --test "$1" && return
  failed=$((failed + 1))
  echo "tests: build of $1 failed"
  return 1
}
# ctest_of NAME PRESET CTEST-ARGUMENT...: into build/NAME.log; its status is in build/NAME.status
ctest_of() {
  local name=$1 preset=$2
  shift 2
  echo "tests: running ($name)"
  ctest --preset "$preset" --verbose "$@" >"build/$name.log" 2>&1
  echo $? >"build/$name.status"
}
tell() { # tell NAME: what ctest_of found
  local log=build/$1.log before=$failed
  echo "tests: $1"
  grep -E 'FAILED|Failed|Timeout|SEGFAULT|ERROR: |WARNING: ThreadSanitizer|runtime error' "$log" | head -60
  grep -E '^ *[0-9]+/[0-9]+ Test ' "$log"
  count "$log"
  # A program that died before its closing line is a failure too.
  if [ "$(cat "build/$1.status")" != 0 ] && [ $failed -eq $before ]; then failed=$((failed + 1)); fi
}
hosts=
if build release; then
  ctest_of release release -j2 -LE host
  tell release
  ctest_of hosts release -j2 -L host &
  hosts=$!
fi
if [ -z "$quick" ]; then
  for preset in asan tsan; do
    build $preset || continue
    if [ $preset = asan ]; then ctest_of asan asan -j2 -LE 'host|heavy'; else ctest_of tsan tsan -j2 -L threads; fi
    tell $preset
  done
fi
if [ -n "$hosts" ]; then
  wait "$hosts"
  tell hosts
fi
echo "$skipped skipped (bulk data beside the project is not there, or a tool is missing)"
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
