#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A day's mixed traffic: images, SR and SEG by C-STORE, JSON Lines by HTTP, CSV, HL7 ORU, FHIR, PNG masks, report texts and folders of
# mercure and MONAI Deploy as files; pairs of masks whichever comes first; labels before their images, late,
# twice, out of order, preliminary, corrected, cancelled, retracted; a moved study; a second version; a failure. Through Orthanc, and to the
# program alone in another order: the same report. At every step, the funnel adds up for every group.
source "$(dirname "$0")/lib.sh"
[ -x "$evensight" ] || skip "the program was not built"

rules='[
  {"Name":"research","Kind":"csv","Files":["labels*.csv"],"Event":"reference","Source":"research",
   "Map":{"study_uid":"uid","status":{"Constant":"final"},"established":"when","reader_saw_ai":{"Constant":"no"},
          "findings":[{"finding":{"Constant":"effusion"},"label":"eff"},{"finding":{"Constant":"pneumothorax"},"label":"ptx"}]}},
  {"Name":"moved","Kind":"csv","Files":["moved*.csv"],"Event":"alias","Map":{"study_uid":"new","same_as":"old"}},
  {"Name":"ris","Kind":"hl7","Files":["*.hl7"],"Event":"reference","Source":"radiology-report",
   "Findings":[{"Finding":"effusion","Codes":["60046008,SCT"],"Present":["52101004,SCT"],"Absent":["2667000,SCT"]},
               {"Finding":"pneumothorax","Codes":["36118008,SCT"],"Present":["52101004,SCT"],"Absent":["2667000,SCT"]}]},
  {"Name":"fhir","Kind":"fhir","Files":["*.fhir.json"],"Source":"registry",
   "Map":{"model":{"name":{"Constant":"fhir-net"},"version":"@.device.version"}},
   "Findings":[{"Finding":"effusion","Codes":["60046008,SCT"],"Present":["52101004,SCT"],"Absent":["2667000,SCT"]}]},
  {"Name":"typed","Kind":"text","Files":["*.report.txt"],"Event":"reference","Source":"typed",
   "Map":{"study_uid":{"File":"([0-9.]+)[.]report"},"established":{"Constant":"2024-09-01T00:00:00Z"}},
   "Findings":[{"Finding":"effusion","Positive":["effusion"]}]},
  {"Name":"mercure","Kind":"mercure","Files":["result.json"],"Model":"mercure-net","Map":{"model":{"version":"$.result.version"},"produced":"$.result.finished"}},
  {"Name":"monai","Kind":"monai","Files":["workflows/*/*/metadata.json"],"Model":"monai-net","Version":"1","Map":{"event_id":{"File":"/workflows/[^/]+/([^/]+)/"}}},
  {"Name":"drawn","Kind":"png","Files":["*.human.png"],"Event":"reference","Source":"panel",
   "Map":{"study_uid":{"File":"([0-9.]+)[.]human"},"findings":[{"finding":{"Constant":"lungs"},"mask_png":{"Content":true}}]}},
  {"Name":"outlined","Kind":"png","Files":["*.ai.png"],"Event":"result","Model":"png-net","Version":"1",
   "Map":{"study_uid":{"File":"([0-9.]+)[.]ai"},"findings":[{"finding":{"Constant":"lungs"},"mask_png":{"Content":true}}]}}]'
# section DIR: the demo's, with the rules, a precedence of sources, a model that draws, and every number shown
section() {
  evensight_section "$1" | jq --argjson rules "$rules" '.Intake = $rules | .Disclosure.Internal = "none"
    | .Models[0].References = {"Precedence": ["research", "radiology-report"]}
    | .Models += [{"Name": "drawer", "Recognise": {"AlgorithmName": "test"}, "Eligible": {"Modality": ["CT"]},
        "Findings": [{"Name": "lesion", "Task": "measurement", "Unit": "exam", "From": [{"Seg": {"Label": "first segment", "Measure": "area"}}]}]},
      {"Name": "liver-net", "Recognise": {"AlgorithmName": "SegNet"}, "Eligible": {"Modality": ["CT"]},
       "Findings": [{"Name": "liver", "Task": "segmentation", "ReferenceWithin": "0d", "From": [{"Seg": {"Label": "Liver", "Measure": "mask"}}]}]},
      {"Name": "png-net", "Findings": [{"Name": "lungs", "Task": "segmentation"}]},
      {"Name": "fhir-net", "Findings": [{"Name": "effusion", "Threshold": 0.5}]},
      {"Name": "mercure-net", "Findings": [{"Name": "effusion", "Threshold": 0.5, "From": [{"JSON": "$.scores.effusion"}]}]},
      {"Name": "monai-net", "Findings": [{"Name": "effusion", "Threshold": 0.5, "From": [{"JSON": "$.effusion"}]}]}]'
}
# adds_up FILE: DESIGN 8, every line of every group; and the references told by source are those of the funnel
adds_up() {
  jq -e '[.models[].findings[] | . as $f | .groups[].funnel
      | .seen == .excluded + .ineligible + .eligibility_unknown + .eligible
        and .eligible == .resulted + .rejected + .failed + .pending + .missing
        and .resulted == .referenced + .indeterminate + .maturing + .overdue] as $lines
    | [.models[].findings[] | (.groups[0].funnel | .referenced + .indeterminate) == ([.references.sources[]] | add // 0)] as $told
    | ($lines | length) > 40 and ($lines | all) and ($told | all)
      and ([.unpaired_why.results_without_exam[]] | add) == .unpaired.results_without_exam
      and ([.unpaired_why.references_without_exam[]] | add) == .unpaired.references_without_exam
      and ([.unpaired_why.ambiguous[]] | add) == .unpaired.ambiguous' "$1"
}

# ---- the day
make_stream --exams 60 --dicom "$work/dicom" --references "$work/references.jsonl" --jsonl "$work/all.jsonl"
told='def told($f): [.findings[] | select(.finding == $f) | .label][0];'
part() { jq -sc --argjson part "$1" 'to_entries[] | select(.key % 3 == $part) | .value' "$work/references.jsonl"; }
mkdir "$work/day"
cd "$work/day" || exit 1
{
  echo uid,when,eff,ptx
  part 0 | jq -r "$told"'[.study_uid, .established, told("effusion"), told("pneumothorax")] | @csv'
} >labels.csv
# Of the first five the research label is the opposite, and stands.
part 1 | head -5 | jq -sr "$told"'(["uid","when","eff","ptx"] | @csv), (.[] | [.study_uid, .established, 1 - told("effusion"), ""] | @csv)' >labels-late.csv
# oru STATUS OBSERVATION JQ: a message for each reference on stdin
oru() {
  jq -r --arg status "$1" "$told"'def code($x): if $x == 1 then "52101004^Present^SCT" else "2667000^Absent^SCT" end;
    "MSH|^~\\&|RIS|H|EV|H|20260301120000||ORU^R01|M1|P|2.5.1\r"
    + "PID|1||KANARIE\rOBR|1|PL|\(.study_uid | .[-9:])^RIS|XR||20240301100000||||||||||||||||\(.established | gsub("[-:T]"; "") | .[:14])+0000|||\($status)\r"
    + "OBX|1|CWE|60046008^Effusion^SCT||\(code('"$2"'told("effusion")))||||||\($status)\r"
    + "OBX|2|CWE|36118008^Pneumothorax^SCT||\(code(told("pneumothorax")))||||||\($status)\r"
    + "ZDS|\(.study_uid)^Evensight^Application^DICOM\r"'
}
part 1 | oru P '1-' >first.hl7                    # preliminary, and wrong about every effusion
part 1 | oru F '' | tr -d '\n' >second.hl7         # final
part 1 | tail -3 | oru C '1-' >third.hl7           # three corrected
part 1 | sed -n 8p | oru X '' >fourth.hl7          # one taken back
part 2 | jq -c '.status = "preliminary" | .findings[].label |= 1 - .' >early.jsonl
part 2 >final.jsonl
part 2 | head -2 | jq -c '.status = "corrected" | .source = "research" | .event_id = "E-\(.study_uid | .[-6:])" | .event_source = "registry"' >wrong.jsonl
jq -c '{event: "retract", retract_event_id: .event_id, event_source: "registry", reason: "sent_in_error"}' wrong.jsonl | head -1 >retract.jsonl
# A second version for every fourth exam; a failure; a result and a label of nobody's exam; an unknown model.
jq -c 'select(.event == "result")' "$work/all.jsonl" | awk 'NR % 4 == 0' | jq -c '.model.version = "b2" | .sop_uid += ".2"' >results.jsonl
{
  jq -sc '[.[] | select(.event == "exam")][1] | {event: "failure", study_uid, model: {name: "chexnet", version: "b2"}, status: "rejected", produced: "2024-05-01T00:00:00Z", reason: "lateral_view"}' "$work/all.jsonl"
  head -1 results.jsonl | jq -c '.study_uid = "2.25.99" | del(.accession)'
  head -1 results.jsonl | jq -c '.model.name = "stranger"'
  jq -c '.study_uid = "2.25.98"' final.jsonl | head -1
} >odd.jsonl
# The last exam was moved to another study, under which its second label came.
last=$(jq -sr '.[-1].study_uid' "$work/references.jsonl")
printf 'old,new\n%s,2.25.97\n' "$last" >moved.csv
jq -sc '.[-1] | .study_uid = "2.25.97" | .source = "follow-up"' "$work/references.jsonl" >moved.jsonl
# Reports as FHIR and as text that say what the research labels say; an AI's FHIR; folders of mercure and MONAI; a pair of PNG masks each.
part 0 | head -4 | jq -c "$told"'(.study_uid | .[-6:]) as $id | {resource: {resourceType: "Observation", id: "h\($id)", status: "final", issued: .established,
    code: {coding: [{system: "http://snomed.info/sct", code: "60046008"}]}, derivedFrom: [{identifier: {system: "urn:dicom:uid", value: "urn:oid:\(.study_uid)"}}],
    valueCodeableConcept: {coding: [{system: "http://snomed.info/sct", code: (if told("effusion") == 1 then "52101004" else "2667000" end)}]}}}' |
  jq -s '{resourceType: "Bundle", type: "collection", entry: .}' >people.fhir.json
part 0 | head -4 | jq -c "$told"'(.study_uid | .[-6:]) as $id | {resource: {resourceType: "Observation", id: "m\($id)", status: "final", issued: "2024-05-01T00:00:00Z",
    code: {coding: [{system: "http://snomed.info/sct", code: "60046008"}]}, derivedFrom: [{identifier: {system: "urn:dicom:uid", value: "urn:oid:\(.study_uid)"}}],
    contained: [{resourceType: "Device", id: "d", version: [{value: "1.0"}]}], device: {reference: "#d"},
    valueQuantity: {value: (0.1 + 0.8 * told("effusion"))}}}' |
  jq -s '{resourceType: "Bundle", type: "collection", entry: .}' >machine.fhir.json
part 0 | head -7 | tail -3 | jq -r "$told"'"\(.study_uid) \(told("effusion"))"' | while read -r uid effusion; do
  { [ "$effusion" = 1 ] && echo "Small effusion." || echo "No effusion."; } >"$uid.report.txt"
done
number=0
part 0 | head -4 | jq -r '"\(.study_uid) \(.established)"' | while read -r uid when; do
  number=$((number + 1))
  mkdir -p "mercure/$number" "monai/$number/dcm/$uid/$uid.1" "monai/$number/workflows/w/e$number"
  jq -n '{version: "1.1", finished: "2024-05-01T10:00:00Z", scores: {effusion: 0.8}}' >"mercure/$number/result.json"
  jq -n --arg uid "$uid" '{id: "t", info: {uid: $uid, uid_type: "study"}, study: {study_uid: $uid}}' >"mercure/$number/task.json"
  jq -n --arg uid "$uid" '{"0020000D": {vr: "UI", Value: [$uid]}}' >"monai/$number/dcm/$uid/$uid.1/1.dcm.json"
  jq -n '{effusion: 0.3}' >"monai/$number/workflows/w/e$number/metadata.json"
  base64 -d <<<"iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAEUlEQVR42mNg+P+fgQFCAAEAJ+cD/bfDcrEAAAAASUVORK5CYII=" >"$uid.ai.png"
  base64 -d <<<"iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAEklEQVR42mNg+P+fgYEBhEEEACPrA/0DLmymAAAAAElFTkSuQmCC" >"$uid.human.png"
done
mkdir masks
"$build/bin/make_masks" "$PWD/masks" 3
files=(people.fhir.json machine.fhir.json ./*.report.txt mercure monai ./*.png)
mkdir seg half rest
cp "$source_dir/testdata/dicom/ai-seg/seg-ct-single-frame.dcm" "$source_dir/testdata/dicom/images/ct-sex-o-age-000y.dcm" seg/
find "$work/dicom" -type f | sort | awk 'NR % 2' | xargs -I{} cp {} half/
find "$work/dicom" -type f | sort | awk 'NR % 2 == 0' | xargs -I{} cp {} rest/
check "the day is written" test -s labels.csv -a -s second.hl7 -a -s results.jsonl -a "$(ls half rest | grep -c .)" -gt 110

# ---- through Orthanc: its plugin holds the ledger while it runs, the program takes files before and after
mkdir "$work/a"
section "$work/a" | jq '{Evensight: .}' >"$work/a/conf.json"
program() { check "a: the program takes $*" "$evensight" ingest -c "$work/a/conf.json" "$@"; }
step() {
  check "a: settled after $1" wait_settled
  curl -sf "$root/report" >"$work/step.json"
  check "a: the funnel adds up after $1" adds_up "$work/step.json"
}
program labels.csv moved.csv first.hl7
"$evensight" report -c "$work/a/conf.json" >"$work/step.json"
check "a: the funnel adds up before any image" adds_up "$work/step.json"
equal "a: labels wait for their exams" "$(jq .unpaired.references_without_exam "$work/step.json")" \
  "$(($(wc -l <labels.csv) - 1 + $(part 1 | wc -l)))"
configure "$work/a" "$(section "$work/a")"
check "a: Orthanc starts" start "$work/a"
check "a: half of the objects are stored" send half
step "half of the objects"
post early.jsonl >/dev/null
post results.jsonl >/dev/null
post odd.jsonl >/dev/null
step "early labels and a second version"
check "a: the other half, and the first again" bash -c "$(declare -f send); dicom_port=$dicom_port; send rest && send half"
check "a: segmentations are stored" bash -c "$(declare -f send); dicom_port=$dicom_port; send seg && send masks"
step "all objects"
for lines in final.jsonl wrong.jsonl final.jsonl moved.jsonl retract.jsonl; do post $lines >/dev/null; done
step "corrections and a retraction"
check "a: Orthanc stops" stop
program second.hl7 third.hl7 fourth.hl7 labels-late.csv labels.csv "${files[@]}"
"$evensight" report -c "$work/a/conf.json" >"$work/a.json"
check "a: the funnel adds up at the end" adds_up "$work/a.json"

# ---- to the program alone, the other way round and twice
mkdir "$work/b"
section "$work/b" | jq '{Evensight: .}' >"$work/b/conf.json"
for input in "fourth.hl7 third.hl7" "retract.jsonl wrong.jsonl moved.jsonl" "seg rest" "second.hl7 final.jsonl early.jsonl" "odd.jsonl results.jsonl" \
  "labels-late.csv half" "${files[*]}" "masks" "moved.csv first.hl7 labels.csv" "wrong.jsonl second.hl7 half labels.csv"; do
  check "b: the program takes $input" "$evensight" ingest -c "$work/b/conf.json" $input
  "$evensight" report -c "$work/b/conf.json" >"$work/b.json"
  check "b: the funnel adds up after $input" adds_up "$work/b.json"
done
check "b: the chain holds" "$evensight" verify -c "$work/b/conf.json"
check "the reports are the same" diff <(without_provenance "$work/a.json") <(without_provenance "$work/b.json")

# ---- and in any order: every file by itself, some of them twice; each order is told by its seed
find "$PWD" -type f | sort >"$work/files"
noise() { local i; for i in $(seq 400); do printf '%s %s' "$1" "$i" | sha512sum; done; }
shuffled() { # shuffled SEED: all files and the first twenty of another order again, mixed
  { cat "$work/files"; shuf -n 20 --random-source=<(noise "$1") "$work/files"; } | shuf --random-source=<(noise "again $1")
}
in_order() { # in_order SEED
  local dir=$work/order.$1
  mkdir "$dir"
  section "$dir" | jq '{Evensight: .}' >"$dir/conf.json"
  shuffled "$1" | xargs -d '\n' "$evensight" ingest -c "$dir/conf.json" &&
    "$evensight" report -c "$dir/conf.json" -o "$dir/report.json" &&
    cmp <(without_provenance "$work/b.json") <(without_provenance "$dir/report.json")
}
for seed in $(seq "${ES_ORDERS:-12}"); do check "order $seed gives the same report" in_order "$seed"; done

# ---- and say what happened, counted by hand
equal "versions" "$(jq -c '[.models[] | select(.name == "chexnet").version]' "$work/b.json")" "$(jq -c '[.models[] | select(.name == "chexnet").version]' "$work/a.json")"
equal "sources disagree about the effusions that research turned round" \
  "$(jq '[.models[] | select(.name == "chexnet" and .version != "b2").findings[] | select(.finding == "effusion").references.sources_disagree] | add' "$work/a.json")" 5
equal "and about no pneumothorax" \
  "$(jq '[.models[] | select(.name == "chexnet").findings[] | select(.finding == "pneumothorax").references.sources_disagree] | add' "$work/a.json")" 0
equal "a result and a label of nobody" "$(jq -c '[.unpaired.results_without_exam, .unpaired.references_without_exam, .unpaired.unknown_model]' "$work/a.json")" "[1,1,1]"
equal "the segmentation is a result" "$(jq '[.models[] | select(.name == "drawer").findings[].groups[0].funnel.resulted] | add' "$work/a.json")" 1
shares() { jq -c --arg model "$1" '[.models[] | select(.name == $model).findings[].groups[0].metrics.dice | .n, (.value * 1000 | round)]' "$work/a.json"; }
equal "Dice of three pairs of segmentations" "$(shares liver-net)" "[3,667]" # 1/3, 2/3 and 1
equal "Dice of four pairs of PNG masks" "$(shares png-net)" "[4,750]"        # 3 of 4 pixels shared
results() { jq -c --arg model "$1" '[.models[] | select(.name == $model).findings[].groups[0].funnel.resulted] | add' "$work/a.json"; }
equal "results by FHIR, mercure and MONAI" "$(results fhir-net) $(results mercure-net) $(results monai-net)" "4 4 4"
equal "of two references of one instant the same stands" "$(jq -c '[.models[] | select(.name == "fhir-net").findings[].references.sources]' "$work/a.json")" '[{"registry":4}]'
equal "retracted" "$(jq .corrections.retracted "$work/a.json")" 1
trace() { "$evensight" trace -c "$work/a/conf.json" <<<"{\"study_uid\":\"$1\"}"; }
equal "the moved label is traced to its exam" "$(trace 2.25.97 | jq -r '.bundles[0].events[] | select(.source == "follow-up").pairing.rule')" study
cd / && finish
