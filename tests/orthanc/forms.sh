#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Result objects of every form by C-STORE: each is handed to the worker, read by the same rules as on the command line, and says the
# same; who sent it is known there.
source "$(dirname "$0")/lib.sh"

made=$source_dir/testdata/dicom/made
cat >"$work/exam.jsonl" <<'LINES'
{"event":"exam","study_uid":"2.25.46811000000001","patient_id":"MADE-1","study_date":"20260301","demographics":{"PatientSex":"F"},"acquisition":{"Modality":"DX"}}
{"event":"reference","study_uid":"2.25.46811000000001","source":"report","status":"final","established":"2026-03-02T10:00:00Z","reader_saw_ai":"no","findings":[{"finding":"effusion","label":1},{"finding":"calcifications","label":1}]}
LINES
# section DIR AET: every example rule set of these objects in one configuration; each of the models without an algorithm's name by sender
section() {
  for rules in tid1500-probability mammography-cad gsps-private-tag; do sed 's|//.*||' "$source_dir/plugin/program/rules/$rules.json"; done |
    jq -s --arg dir "$1" --arg aet "$2" '{Models: map(.Models[])} | del(.Models[].Eligible) | .Models[].Findings[].ReferenceWithin = "0d"
      | (.Models[] | select(.name == "cxr" or .Name == "cxr").Recognise) |= (. + if $aet == "" then {} else {RemoteAET: $aet} end)
      | . + {Site: "A", Ledger: "sqlite:\($dir)/ledger.db", PseudonymKeyFile: "\($dir)/site.key", Disclosure: {Internal: "none"}}'
}
# take DIR AET: Orthanc gets the objects
take() {
  configure "$work/$1" "$(section "$work/$1" "$2")"
  check "$1: Orthanc starts" start "$work/$1"
  post "$work/exam.jsonl" >"$work/$1.answer"
  check "$1: objects are stored" send "$made"
  check "$1: settled" wait_settled
  curl -sf "$root/report" >"$work/$1.json"
  status_of >"$work/$1.status"
  check "$1: stops" stop
}
resulted() { jq -c '[.models[] | .name as $m | .findings[] | "\($m).\(.finding) \(.groups[0].funnel.resulted)"] | unique' "$1"; }

n=$(ls "$made"/*.dcm | wc -l)
take known DCMSEND
check "every object is read back whole" jq -e --argjson n "$n" ".objects.fetched >= \$n" "$work/known.status" # one may be read twice, and count once
equal "every finding has its result" "$(resulted "$work/known.json")" \
  '["cxr.box 1","cxr.effusion 1","cxr.pneumothorax 1","effusion-finder.effusion 1","mammography-cad.calcifications 1","mammography-cad.density 1","nodule-finder.diameter 1","nodule-finder.nodule 1"]'
take stranger OTHER
equal "nothing from another sender" "$(resulted "$work/stranger.json" | jq -c 'map(select(startswith("cxr")))')" '["cxr.box 0","cxr.effusion 0","cxr.pneumothorax 0"]'

mkdir -p "$work/cli"
section "$work/cli" "" >"$work/cli/conf.json"
check "the command line takes the same" "$evensight" ingest -c "$work/cli/conf.json" "$work/exam.jsonl" "$made"
"$evensight" report -c "$work/cli/conf.json" >"$work/cli.json"
check "and reports the same" diff <(without_provenance "$work/known.json") <(without_provenance "$work/cli.json")
finish
