#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Orthanc killed with SIGKILL in the middle of the stream, twice, and started again: after catch-up the report is the one of a
# run that was not disturbed. So too when its log of changes
# is emptied, and for a new ledger beside a full archive.
source "$(dirname "$0")/lib.sh"

make_stream --exams 300 --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")

# The undisturbed run.
configure "$work/calm" "$(evensight_section "$work/calm")"
check "calm: Orthanc starts" start "$work/calm"
send "$work/dicom"
post "$work/references.jsonl" >/dev/null
check "calm: settled" wait_settled
curl -sf "$root/report" >"$work/calm.json"
check "calm: stops" stop

# The disturbed one: kill, start, send the rest (the sender resends what was not acknowledged).
configure "$work/hit" "$(evensight_section "$work/hit")"
check "hit: Orthanc starts" start "$work/hit"
head -n $((exams / 2)) "$work/references.jsonl" >"$work/first.jsonl"
tail -n +$((exams / 2 + 1)) "$work/references.jsonl" >"$work/second.jsonl"
taken=$(post "$work/first.jsonl" | jq .taken)
equal "hit: labels were acknowledged before the kill" "$taken" $((exams / 2))
for part in 000 001; do
  send "$work/dicom/$part" >/dev/null 2>&1 &
  sender=$!
  for _ in $(seq 100); do [ "$(stored)" -gt 40 ] && break; sleep 0.02; done
  kill -KILL "$pid"
  wait "$pid" 2>/dev/null
  forget_pid
  wait $sender 2>/dev/null
  check "hit: Orthanc starts again" start "$work/hit"
done
# What Orthanc holds is counted without being sent again.
check "hit: settled after the kill" wait_settled
held=$(curl -s -X POST "$url/tools/find" -d '{"Level":"Instance","Query":{"Modality":"DX"}}' | jq length)
equal "hit: every image that Orthanc holds is an exam" "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" "$held"
send "$work/dicom"
post "$work/second.jsonl" >/dev/null
check "hit: settled" wait_settled
curl -sf "$root/report" >"$work/hit.json"
check "the reports are the same" diff <(without_provenance "$work/calm.json") <(without_provenance "$work/hit.json")
check "the chain still verifies" "$evensight" verify -c <(evensight_section "$work/hit" | jq '{Evensight: .}')
# Its log emptied behind our back: a gap, closed by a walk that finds nothing new.
curl -sf -X DELETE "$url/changes" >/dev/null
check "gap: stops" stop
check "gap: Orthanc starts" start "$work/hit"
check "gap: settled" wait_settled
status_of >"$work/gap.json"
check "gap: it is told, with its times" jq -e '.gap.noticed != null and .gap.closed != null' "$work/gap.json"
curl -sf "$root/report" >"$work/gap-report.json"
check "gap: the report is the same" diff <(without_provenance "$work/calm.json") <(without_provenance "$work/gap-report.json")
check "gap: stops again" stop

# A fresh ledger beside a full archive whose log is empty: everything is found by the walk.
configure "$work/fresh" "$(evensight_section "$work/fresh")"
cp -r "$work/calm/storage/." "$work/fresh/storage/"
jq '.Plugins = []' "$work/fresh/orthanc.json" >"$work/fresh/bare.json"
mv "$work/fresh/orthanc.json" "$work/fresh/with.json"
cp "$work/fresh/bare.json" "$work/fresh/orthanc.json"
start "$work/fresh" >/dev/null
curl -sf -X DELETE "$url/changes"
stop
cp "$work/fresh/with.json" "$work/fresh/orthanc.json"
check "fresh: Orthanc starts" start "$work/fresh"
post "$work/references.jsonl" >/dev/null
check "fresh: settled" wait_settled
curl -sf "$root/report" >"$work/fresh.json"
check "the walk finds the same" diff <(without_provenance "$work/calm.json") <(without_provenance "$work/fresh.json")
check "fresh: stops" stop
finish
