#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Orthanc killed with SIGKILL at random moments while objects are stored and labels posted. Every post that was answered 200 is
# acknowledged, and so is every object that C-STORE accepted. After each restart the chain holds; at the end every acknowledged label
# is a duplicate when it is sent again, every stored exam is counted, once, and the report is that of an undisturbed run.
#
#   tests/orthanc/kills.sh [KILLS]     25; the long run: 500
source "$(dirname "$0")/lib.sh"
kills=${1:-25} lanes=2

make_stream --exams 240 --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")
split -l 8 -d -a 3 "$work/references.jsonl" "$work/lines."
section() { evensight_section "$1"; }
verify() { "$evensight" verify -c <(section "$1" | jq '{Evensight: .}'); }

# lane DIR KILLS: one archive, killed so often
lane() {
  local dir=$1 kills=$2 round sender poster lost=0 broken=0 delay acknowledged n line
  configure "$dir" "$(section "$dir")"
  : >"$dir/acknowledged"
  for round in $(seq "$kills"); do
    start "$dir" >/dev/null || { bad "$(basename "$dir"): Orthanc starts after kill $((round - 1))"; return; }
    send "$work/dicom" >/dev/null 2>&1 &
    sender=$!
    (for line in $(ls "$work"/lines.* | shuf); do
      [ "$(curl -s -m 20 -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "@$line" "$root/ingest/events")" = 200 ] || continue
      echo "$line" >>"$dir/acknowledged"
    done) 2>/dev/null &
    poster=$!
    sleep "0.$((RANDOM % 9))$((RANDOM % 10))"
    kill -KILL "$pid" "$sender" "$poster" 2>/dev/null
    wait "$pid" "$sender" "$poster" 2>/dev/null
    forget_pid
    # Nothing is there to verify before the first commit.
    [ -e "$dir/ledger.db" ] && [ -s "$dir/acknowledged" ] || continue
    verify "$dir" >"$dir/verified" 2>&1 || { broken=$((broken + 1)); tail -1 "$dir/verified"; }
  done
  equal "$(basename "$dir"): $kills kills, chains that did not hold" "$broken" 0
  check "$(basename "$dir"): Orthanc starts again" start "$dir"
  check "$(basename "$dir"): settled" wait_settled 120
  acknowledged=$(sort -u "$dir/acknowledged" | wc -l)
  for line in $(sort -u "$dir/acknowledged"); do
    [ "$(post "$line" | jq -c '[.taken, .revised, .refused]')" = "[0,0,0]" ] || lost=$((lost + 1))
  done
  equal "$(basename "$dir"): of $acknowledged acknowledged posts, lost" "$lost" 0
  n=$(curl -s -X POST "$url/tools/find" -d '{"Level":"Instance","Query":{"Modality":"DX"}}' | jq length)
  equal "$(basename "$dir"): all $n images that Orthanc holds are counted, once" \
    "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" "$n"
  send "$work/dicom" >/dev/null 2>&1
  post "$work/references.jsonl" >/dev/null
  check "$(basename "$dir"): settled with the rest" wait_settled 120
  curl -sf "$root/report" >"$dir/report.json"
  equal "$(basename "$dir"): every exam, once" "$(jq '.models[0].findings[0].groups[0].funnel.seen' "$dir/report.json")" "$exams"
  check "$(basename "$dir"): stops" stop
  check "$(basename "$dir"): the chain holds" verify "$dir"
}
for i in $(seq $lanes); do beside lane "$work/lane$i" $(((kills + i - 1) / lanes)); done
gather
for i in $(seq 2 $lanes); do
  check "the reports are the same" diff <(without_provenance "$work/lane1/report.json") <(without_provenance "$work/lane$i/report.json")
done
finish
