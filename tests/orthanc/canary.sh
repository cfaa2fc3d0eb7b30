#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Canaries through the plugin: objects by C-STORE, lines and nonsense over HTTP, a key that is gone. None may stand in an answer, in the ledger or in
# what we say in Orthanc's log. What Orthanc itself stores, logs and answers is not looked at.
source "$(dirname "$0")/lib.sh"
source "$source_dir/tests/canaries.sh"
command -v dcmodify >/dev/null || skip "no dcmodify here"

mkdir -p "$work/in" "$work/seen"
section=$(evensight_section "$work/a" | jq '.Axes += [{"Name":"ethnicity","Attribute":"EthnicGroup","Vocabulary":"nhs-ethnic-category"},
  {"Name":"station","Attribute":"StationName"}, {"Name":"institution","Attribute":"InstitutionName"}, {"Name":"imd","Linked":"imd_decile"},
  {"Name":"visits","Linked":"visits","Bands":[0,5]}] | .Axes |= unique_by(.Name)
  | .Models += [{"Name":"m","Recognise":{"SeriesDescription":"."},"Findings":[{"Name":"f","Task":"binary","Threshold":0.5}]}]')
configure "$work/a" "$section"
for f in images/ct-m-043y.dcm images/dx-dog-f-005y.dcm ai-sr/sr-tid1500-planar-roi.dcm ai-sr/sr-tid1500-four-groups.dcm ai-seg/seg-ct-single-frame.dcm; do
  cp "$source_dir/testdata/dicom/$f" "$work/in/" && chmod u+w "$work/in/$(basename "$f")"
  check "$f is planted" canary_object "$work/in/$(basename "$f")"
done
canary_messages "$work"
check "Orthanc starts" start "$work/a"
check "objects are stored" send "$work/in"
check "settled" wait_settled
equal "both ways of reading are used" "$(status_of | jq '.objects | .skimmed > 0 and .fetched > 0')" true

# ask NAME CURL-ARGUMENT...: status and answer, with its headers, go to what is searched
ask() { curl -s -i -m 60 -o "$(mktemp "$work/seen/XXXXXX.txt")" -w '%{http_code}' "$@"; }
ndjson='Content-Type: application/x-ndjson'
equal "all are answered" "$(cat "$work/bases.jsonl" "$work/planted.jsonl" | ask -H "$ndjson" --data-binary @- "$root/ingest/events")" 200
check "many are taken and many refused" jq -e '.taken >= 20 and .refused >= 20' <(sed '1,/^\r$/d' "$work"/seen/*.txt)
for body in 'KANARIE 19500101' '{"KANARIE":"77001234"}' '{"event":"KANARIE"}' '["KANARIE"' '{"event":"exam","patient_id":"KANARIE\q"}' '{"event":"exam","patient_id":19500101}'; do
  equal "refused: ${#body} bytes" "$(ask -H "$ndjson" --data-binary "$body" "$root/ingest/events")" 200
  ask -H 'Content-Type: text/KANARIE' --data-binary "$body" "$root/ingest/events" >/dev/null
  ask -H "$ndjson" -H 'Transfer-Encoding: chunked' --data-binary "$body" "$root/ingest/events" >/dev/null
done
check "settled again" wait_settled
for route in status report report.json report.html report.csv app/ strip app/strip 'strip?basis=KANARIE' coverage unpaired metrics plots 'report?format=html' 'report?format=csv' 'report?format=text' \
  'report?format=KANARIE' 'report?audience=KANARIE' 'report?KANARIE%5E=19500101' 'report?19500101=1' 'plots/KANARIE.png' 'plots/77001234'; do
  ask "$root/$route" >/dev/null
done
for plot in $(curl -s "$root/plots" | jq -r '.. | strings' | grep png | head -3); do ask "$root/plots/$plot" >/dev/null; done
for method in PUT DELETE; do ask -X $method -d KANARIE "$root/report" >/dev/null; done
check "Orthanc stops" stop

# The key is gone, then another: what comes is not taken, and said to be so.
mv "$work/a/site.key" "$work/key.away"
check "Orthanc starts without the key" start "$work/a"
for _ in $(seq 100); do [ "$(status_of | jq -r .state)" = degraded ] && break; sleep 0.1; done
equal "status says so" "$(status_of | jq -r '.reason | test("is not there, but the ledger was made with one: restore it from a backup")')" true
check "objects are stored all the same" send "$work/in"
equal "lines are not" "$(ask -H "$ndjson" --data-binary "@$work/planted.jsonl" "$root/ingest/events")" 503
check "no key was made" test ! -e "$work/a/site.key"
ask "$root/status" >/dev/null
cp "$work/key.away" "$work/a/site.key"
check "it recovers when the key is back" wait_settled
check "Orthanc stops again" stop
printf '%064d\n' 7 >"$work/a/site.key"
check "Orthanc starts with another key" start "$work/a"
for _ in $(seq 100); do [ "$(status_of | jq -r .state)" = degraded ] && break; sleep 0.1; done
equal "status names both keys" "$(status_of | jq -r '.reason | test("made with key [0-9a-f]{16}, .*key [0-9a-f]{16}")')" true
ask "$root/status" >/dev/null
check "Orthanc stops once more" stop

grep evensight "$work/a/orthanc.log" >"$work/seen/log.txt"
check "the log was looked at" grep -q 'degraded' "$work/seen/log.txt"
check "answers were kept" test "$(grep -l '^HTTP' "$work"/seen/*.txt | wc -l)" -gt 40
check "the search sees what the ledger holds" test -n "$(canaries_in PatientSex "$work"/a/ledger.db*)"
for word in "${canaries[@]}"; do
  equal "$word in an answer, the log or the ledger" "$(canaries_in "$word" "$work/seen" "$work"/a/ledger.db*)" ""
  check "it is found where it is" test -n "$(canaries_in "$word" "$work/planted.jsonl")"
done
finish
