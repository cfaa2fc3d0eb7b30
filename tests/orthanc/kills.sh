#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Orthanc killed with SIGKILL at random moments while objects are stored and labels posted. Every post that was answered 200 is
# acknowledged, and so is every object that C-STORE accepted. After each restart the chain holds, and an acknowledged post that is sent again
# adds nothing; at the end that is so for every one of them, every stored exam is counted, once, and the lanes' reports are the same.
#
#   tests/orthanc/kills.sh [KILLS]     25; the long run: 500
source "$(dirname "$0")/lib.sh"
kills=${1:-25} lanes=2

# As much to send as lasts for all kills: a life sends some, of what was sent before and of what was not.
make_stream --exams $((120 + 4 * kills)) --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")
split -l 4 -d -a 4 "$work/references.jsonl" "$work/lines."
find "$work/dicom" -name '*.dcm' >"$work/files"
section() { evensight_section "$1"; }
verify() { "$evensight" verify -c <(section "$1" | jq '{Evensight: .}'); }

# lane DIR KILLS: one archive, killed so often
lane() {
  local dir=$1 kills=$2 round sender poster broken=0 lost=0 acknowledged before n line i
  configure "$dir" "$(section "$dir")"
  : >"$dir/acknowledged"
  : >"$dir/lost"
  for round in $(seq "$kills"); do
    start "$dir" >/dev/null || { bad "$(basename "$dir"): Orthanc starts after kill $((round - 1))"; return; }
    before=$(wc -l <"$dir/acknowledged")
    shuf -n 60 "$work/files" | xargs dcmsend --quiet --no-halt 127.0.0.1 "$dicom_port" >/dev/null 2>&1 &
    sender=$!
    (for line in $(ls "$work"/lines.* | shuf -n 12); do
      answer=$(curl -s -m 20 -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "@$line" "$root/ingest/events")
      case $answer in *200) ;; *) continue ;; esac
      if ! grep -qxF "$line" "$dir/acknowledged"; then echo "$line" >>"$dir/acknowledged"
      elif [ "$(jq -c '[.taken, .revised, .refused]' <<<"${answer%200}")" != "[0,0,0]" ]; then echo "$line" >>"$dir/lost"; fi
    done) 2>/dev/null &
    poster=$!
    for i in $(seq 250); do [ "$(wc -l <"$dir/acknowledged")" -gt "$before" ] && break; kill -0 "$poster" 2>/dev/null || break; sleep 0.02; done
    sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
    kill -KILL "$pid" "$sender" "$poster" 2>/dev/null
    wait "$pid" "$sender" "$poster" 2>/dev/null
    forget_pid
    # Nothing is there to verify before the first commit.
    [ -e "$dir/ledger.db" ] && [ -s "$dir/acknowledged" ] || continue
    verify "$dir" >"$dir/verified" 2>&1 || { broken=$((broken + 1)); tail -1 "$dir/verified"; }
  done
  equal "$(basename "$dir"): acknowledged posts that a restart lost" "$(sort -u "$dir/lost" | wc -l)" 0
  equal "$(basename "$dir"): $kills kills, chains that did not hold" "$broken" 0
  check "$(basename "$dir"): Orthanc starts again" start "$dir"
  check "$(basename "$dir"): settled" wait_settled 300
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
  check "$(basename "$dir"): settled with the rest" wait_settled 300
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
