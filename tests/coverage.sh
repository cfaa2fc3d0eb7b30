#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Lines of metrics/ that the tests reach, by gcovr: tests/coverage.sh [BUILD-DIR]. Ends with the figure; the lines not reached
# are listed by file before it. Needs gcovr (Debian package of that name).
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-$source/build/coverage}
command -v gcovr >/dev/null || { echo "coverage.sh: gcovr is not installed" >&2; exit 77; }
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DES_BENCH=OFF \
  -DCMAKE_C_FLAGS="--coverage -O0" -DCMAKE_CXX_FLAGS="--coverage -O0" >/dev/null
tests=$(sed -n 's/^es_add_test(\([a-z0-9_]*\) .*/\1/p' "$source/tests/metrics.cmake")
targets="test_vectors sim_verdicts"
for test in $tests; do targets="$targets test_$test"; done
# shellcheck disable=SC2086
cmake --build "$build" --target $targets >/dev/null
find "$build" -name '*.gcda' -delete
for test in $tests vectors; do "$build/bin/test_$test" >/dev/null || echo "coverage.sh: test_$test failed" >&2; done
"$build/bin/sim_verdicts" --runs 4 --quiet >/dev/null || echo "coverage.sh: sim_verdicts failed" >&2
# gcovr says on stderr that the compiler's own probe has no source.
gcovr -r "$source" --object-directory "$build" --filter "$source/metrics/" --exclude-throw-branches 2>/dev/null
