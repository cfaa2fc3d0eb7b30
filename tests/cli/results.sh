#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What each form of result object comes to in the funnel, under the example rule sets: with a value, without one, failed.
. "$(dirname "$0")/lib.sh"
made=$source_dir/testdata/dicom/made

# site FOLDER RULES: a configuration of one rule set, and an exam of the study that the made objects speak of
site() {
  mkdir -p "$1"
  sed 's|//.*||' "$source_dir/plugin/program/rules/$2.json" |
    jq --arg dir "$1" '. + {Site: "test", Ledger: "sqlite:\($dir)/ledger.db", PseudonymKeyFile: "\($dir)/site.key", Disclosure: {Internal: "none"}}
      | del(.Models[].Eligible) | .Models[].Findings[].ReferenceWithin = "0d"' >"$1/conf.json"
  printf '%s\n' '{"event":"exam","study_uid":"2.25.46811000000001","patient_id":"MADE-1","study_date":"20260301","demographics":{"PatientSex":"F"},"acquisition":{"Modality":"DX"}}' \
    '{"event":"reference","study_uid":"2.25.46811000000001","source":"report","status":"final","established":"2026-03-02T10:00:00Z","reader_saw_ai":"no","findings":[{"finding":"effusion","label":1},{"finding":"calcifications","label":1}]}' >"$1/exam.jsonl"
}
# funnel RULES FINDING FILE...: "resulted rejected failed pending+missing, cases with a decision (tp+fn)" of the first model that has it
funnel() {
  local dir=$scratch/$RANDOM$RANDOM rules=$1 finding=$2
  shift 2
  site "$dir" "$rules"
  run 0 ingest -c "$dir/conf.json" "$dir/exam.jsonl" "$@" >/dev/null
  run 0 report -c "$dir/conf.json"
  jq -r --arg f "$finding" '[.models[].findings[] | select(.finding == $f)][0].groups[0] |
    "\(.funnel.resulted) \(.funnel.rejected) \(.funnel.failed) \(.funnel.pending + .funnel.missing) \(.metrics.sensitivity.n // 0)"' "$out"
}

values_are_counted_and_judged() {
  same "a probability of TID 1500" "1 0 0 0 1" "$(funnel tid1500-probability effusion "$made/sr-probability.dcm")"
  same "a CAD finding" "1 0 0 0 1" "$(funnel mammography-cad calcifications "$made/cad-mammography.dcm")"
  same "a private tag" "1 0 0 0 1" "$(funnel gsps-private-tag effusion "$made/gsps-private.dcm")"
  same "a number in words" "1 0 0 0 1" "$(funnel report-text effusion "$made/sr-basic-text.dcm")"
}
presence_is_resulted_without_a_value() {
  for object in sc-screen pdf-report ko-of-interest; do
    same "$object" "1 0 0 0 0" "$(funnel report-text effusion "$made/$object.dcm")"
  done
  same "beside a value it adds nothing" "1 0 0 0 1" \
    "$(funnel report-text effusion "$made/sc-screen.dcm" "$made/pdf-report.dcm" "$made/sr-basic-text.dcm")"
}
failures_are_failures_until_something_comes() {
  same "a CAD report that says so" "0 0 1 0 0" "$(funnel mammography-cad calcifications "$made/cad-mammography-failed.dcm")"
  same "and then a result" "1 0 0 0 1" "$(funnel mammography-cad calcifications "$made/cad-mammography-failed.dcm" "$made/cad-mammography.dcm")"
  same "a chest CAD report of nothing found is a no" "1 0 0 0 1" "$(funnel mammography-cad calcifications "$made/cad-chest-none.dcm")"
}
two_models_for_one_object_are_refused() {
  local dir=$scratch/two
  site "$dir" report-text
  jq '.Models += [.Models[0] | .Name = "twin"]' "$dir/conf.json" >"$dir/two.json"
  run 1 ingest -c "$dir/two.json" "$dir/exam.jsonl" "$made/sr-basic-text.dcm"
  contains "both are named" "sr-basic-text.dcm: object: found that models text-writer and twin both recognise it, expected one" "$errors"
}

# ExpectWithin runs from the end of the exam's day; "now" is the last message's time. Counted by hand: 1 in time, 2 late, 3 and 4 never, 5 of
# the last day, whose hour is not over; then a result of 3 comes after all, and a day later 5 is missing too.
an_exam_without_a_result_is_pending_then_missing() {
  local dir=$scratch/expected n day
  mkdir -p "$dir"
  jq -n --arg dir "$dir" '{Ledger: "sqlite:\($dir)/ledger.db", PseudonymKeyFile: "\($dir)/site.key", Disclosure: {Internal: "none"},
    Models: [{Name: "net", ExpectWithin: "1h", Findings: [{Name: "effusion", Threshold: 0.5, ReferenceWithin: "0d"}]}]}' >"$dir/conf.json"
  for n in 1 2 3 4 5; do
    day=$([ "$n" = 5 ] && echo 20260310 || echo 20260301)
    printf '{"event":"exam","study_uid":"1.2.%s","patient_id":"P%s","study_date":"%s"}\n' "$n" "$n" "$day"
  done >"$dir/exams.jsonl"
  result() { # result STUDY TIME
    printf '{"event":"result","study_uid":"1.2.%s","model":{"name":"net","version":"1"},"produced":"%s","findings":[{"finding":"effusion","score":0.2}]}\n' "$1" "$2"
  }
  counted() { # "resulted late pending missing"
    run 0 report -c "$dir/conf.json"
    jq -r '.models[0].findings[0].groups[0] | .funnel | "\(.resulted) \(.late) \(.pending) \(.missing)"' "$out"
  }
  { result 1 2026-03-01T12:00:00Z; result 2 2026-03-05T12:00:00Z; } >"$dir/results.jsonl"
  printf '{"event":"reference","study_uid":"1.2.1","source":"report","status":"final","established":"2026-03-10T12:00:00Z","findings":[{"finding":"effusion","label":0}]}\n' >"$dir/now.jsonl"
  run 0 ingest -c "$dir/conf.json" "$dir/exams.jsonl" "$dir/results.jsonl" "$dir/now.jsonl"
  same "in time, late, pending, missing" "2 1 1 2" "$(counted)"
  result 3 2026-03-10T12:30:00Z >"$dir/third.jsonl"
  run 0 ingest -c "$dir/conf.json" "$dir/third.jsonl"
  same "one that was missing came late" "3 2 1 1" "$(counted)"
  printf '{"event":"reference","study_uid":"1.2.2","source":"report","status":"final","established":"2026-03-11T12:00:00Z","findings":[{"finding":"effusion","label":0}]}\n' >"$dir/later.jsonl"
  run 0 ingest -c "$dir/conf.json" "$dir/later.jsonl"
  same "the hour is over" "3 2 0 2" "$(counted)"
}

test_case values_are_counted_and_judged values_are_counted_and_judged
test_case presence_is_resulted_without_a_value presence_is_resulted_without_a_value
test_case failures_are_failures_until_something_comes failures_are_failures_until_something_comes
test_case an_exam_without_a_result_is_pending_then_missing an_exam_without_a_result_is_pending_then_missing
test_case two_models_for_one_object_are_refused two_models_for_one_object_are_refused
finish
