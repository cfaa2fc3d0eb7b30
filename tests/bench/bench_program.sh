#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The whole main job on the command line: 22,433 exams x 7 findings as JSON Lines into a ledger, then the report. Prints seconds, beside
# the floor: reading the same bytes and writing as many, measured in the same run.
#
#   tests/bench/bench_program.sh [BUILD]      BUILD: build/release
set -euo pipefail
cd "$(dirname "$0")/../.."
build=${1:-build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seconds() { # seconds COMMAND...: wall-clock seconds of a command that must succeed
  local begin end
  begin=$(date +%s.%N)
  "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
  end=$(date +%s.%N)
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.2f", b - a }'
}
"$build/bin/make_stream" --jsonl "$work/stream.jsonl" testdata/predictions/nih-chexnet/predictions.csv >/dev/null
cp testdata/demo.json "$work/conf.json"
lines=$(wc -l <"$work/stream.jsonl")
floor=$(seconds sh -c 'cat "$1" >"$1.copy" && sync "$1.copy"' sh "$work/stream.jsonl")
ingest=$(seconds "$build/bin/evensight" ingest -c "$work/conf.json" "$work/stream.jsonl")
report=$(seconds "$build/bin/evensight" report -c "$work/conf.json" -f json -o "$work/report.json")
html=$(seconds "$build/bin/evensight" report -c "$work/conf.json" -f html -o "$work/report.html")
verify=$(seconds "$build/bin/evensight" verify -c "$work/conf.json")
printf '%-44s %8s s\n' "copy and sync of the same bytes (floor)" "$floor" "ingest of $lines messages (aim: under 20)" "$ingest" \
  "report as JSON, opening included (aim: under 2)" "$report" "report as HTML, opening included" "$html" "verify" "$verify"
