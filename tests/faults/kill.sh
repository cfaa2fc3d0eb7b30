#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `evensight ingest` killed with SIGKILL at random moments while it takes DICOM files and lines, piece by piece. A piece whose run ended with 0 is acknowledged.
# After each kill: the chain holds and no acknowledged entry is missing. When every piece is acknowledged: each again adds nothing, the ledger has
# as many entries as one that was never disturbed and gives the same report; then a new ledger, until there were enough kills.
#
#   tests/faults/kill.sh [KILLS]      25; the long run: 500
# EVENSIGHT and MAKE_STREAM name the programs.
. "$(dirname "$0")/../cli/lib.sh"
: "${MAKE_STREAM:?the program that makes the stream}"
wanted=${1:-25}
pieces=8
predictions=$source_dir/testdata/predictions/nih-chexnet/predictions.csv
[ -e "$predictions" ] || { echo "skipped: no predictions.csv"; exit 77; }

"$MAKE_STREAM" --exams 160 --dicom "$scratch/dicom" --references "$scratch/references.jsonl" "$predictions" >/dev/null || exit 1
# Pieces of both kinds: objects of some exams, and lines about exams that may not be there yet.
find "$scratch/dicom" -name '*.dcm' | sort >"$scratch/files"
split -n r/$pieces "$scratch/references.jsonl" "$scratch/lines."
for i in $(seq 0 $((pieces - 1))); do
  mkdir "$scratch/piece.$i"
  awk -v i="$i" -v n=$pieces 'NR % n == i' "$scratch/files" | xargs cp -t "$scratch/piece.$i"
done
i=0
for lines in "$scratch"/lines.*; do
  mv "$lines" "$scratch/piece.$i/references.jsonl"
  i=$((i + 1))
done

conf() { # conf FOLDER: the demo's configuration there
  mkdir -p "$1"
  sed 's|^ *//.*||' "$source_dir/testdata/demo.json" |
    jq --arg dir "$1" '.Evensight |= (.Ledger = "sqlite:\($dir)/ledger.db" | .PseudonymKeyFile = "\($dir)/site.key")' >"$1/conf.json"
}
entries() { "$EVENSIGHT" verify -c "$1/conf.json" 2>"$scratch/verify.err" | sed -n 's/ entries, the chain holds.*//p'; }
figures() { "$EVENSIGHT" report -c "$1/conf.json" | jq -S 'del(.ledger, .software, .basis, .as_of_seq, .as_of)'; }
take() { "$EVENSIGHT" ingest -c "$1/conf.json" "$2" 2>"$scratch/ingest.err"; }

conf "$scratch/calm"
began=$(date +%s%N)
for i in $(seq 0 $((pieces - 1))); do take "$scratch/calm" "$scratch/piece.$i" || { tail -3 "$scratch/ingest.err"; exit 1; }; done
took_us=$((($(date +%s%N) - began) / 1000 / pieces)) # a piece, undisturbed
calm=$(entries "$scratch/calm")
figures "$scratch/calm" >"$scratch/calm.json"

kills=0 runs=0 lives=0 broken=0 lost=0 odd=0
# piece N: run it, kill it somewhere; true when it was acknowledged
piece() {
  local status=0 child delay
  delay=$(awk -v max="$took_us" -v seed="$RANDOM$RANDOM" 'BEGIN { srand(seed); printf "%.4f", rand() * 1.3 * max / 1e6 }')
  "$EVENSIGHT" ingest -c "$dir/conf.json" "$scratch/piece.$1" 2>"$scratch/ingest.err" &
  child=$!
  (sleep "$delay"; kill -KILL "$child" 2>/dev/null) &
  wait "$child" 2>/dev/null || status=$?
  wait
  runs=$((runs + 1))
  case $status in
    0) return 0 ;;
    137) kills=$((kills + 1)) ;;
    *) odd=$((odd + 1)); echo "    exit status $status: $(tail -1 "$scratch/ingest.err")" ;;
  esac
  return 1
}
life() { # life N: one ledger from its first piece to its last
  local i found acknowledged=0
  dir=$scratch/life
  rm -rf "$dir"
  conf "$dir"
  lives=$((lives + 1))
  for i in $(seq 0 $((pieces - 1))); do
    while [ "$kills" -lt "$wanted" ]; do
      piece "$i" && break
      [ -e "$dir/ledger.db" ] || continue
      [ -s "$dir/site.key" ] || { [ "$acknowledged" -eq 0 ] && continue; }
      found=$(entries "$dir")
      # Killed before the first commit: a ledger without a configuration is nothing yet.
      if [ -z "$found" ] && [ "$acknowledged" -eq 0 ] && grep -q 'is empty' "$scratch/verify.err"; then continue; fi
      [ -n "$found" ] || { broken=$((broken + 1)); echo "    after kill $kills: $(tail -1 "$scratch/verify.err")"; }
      [ "${found:-0}" -ge "$acknowledged" ] || { lost=$((lost + 1)); echo "    after kill $kills: $found entries of $acknowledged acknowledged"; }
    done
    take "$dir" "$scratch/piece.$i" || odd=$((odd + 1)) # acknowledged before: adds nothing; not yet: now
    acknowledged=$(entries "$dir")
    take "$dir" "$scratch/piece.$i" && grep -q 'taken 0, revised 0' "$scratch/ingest.err" || { odd=$((odd + 1)); echo "    piece $i again: $(tail -1 "$scratch/ingest.err")"; }
  done
  same "life $lives: entries as in an undisturbed run" "$calm" "$acknowledged"
  figures "$dir" >"$scratch/life.json"
  check "life $lives: the same report" cmp -s "$scratch/life.json" "$scratch/calm.json"
}
killed_at_any_moment_nothing_acknowledged_is_lost() {
  while [ "$kills" -lt "$wanted" ]; do life; done
  echo "    $kills kills in $runs runs, $lives ledgers of $calm entries: $broken chains broken, $lost times an acknowledged entry lost, $odd other failures"
  same "chains that did not hold" 0 "$broken"
  same "acknowledged entries lost" 0 "$lost"
  same "other failures" 0 "$odd"
}
test_case killed_at_any_moment_nothing_acknowledged_is_lost
finish
