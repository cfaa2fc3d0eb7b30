#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The same exams through Orthanc by C-STORE and through the program as JSON Lines give the same report but for its provenance.
source "$(dirname "$0")/lib.sh"
[ -x "$evensight" ] || skip "the program was not built"

make_stream --exams 300 --dicom "$work/dicom" --references "$work/references.jsonl" --jsonl "$work/all.jsonl"
configure "$work/a" "$(evensight_section "$work/a")"
check "Orthanc starts" start "$work/a"
check "objects are stored" send "$work/dicom"
post "$work/references.jsonl" >/dev/null
check "settled" wait_settled
curl -sf "$root/report" >"$work/orthanc.json"
check "Orthanc stops" stop

mkdir "$work/b"
evensight_section "$work/b" | jq '{Evensight: .}' >"$work/b/conf.json"
check "JSON Lines are taken" "$evensight" ingest -c "$work/b/conf.json" "$work/all.jsonl"
check "the program reports" "$evensight" report -c "$work/b/conf.json" -f json -o "$work/lines.json"
check "the reports are the same" diff <(without_provenance "$work/orthanc.json") <(without_provenance "$work/lines.json")
check "their provenance is not" bash -c "! cmp -s '$work/orthanc.json' '$work/lines.json'"

# The objects again, as files to the program.
mkdir "$work/c"
evensight_section "$work/c" | jq '{Evensight: .}' >"$work/c/conf.json"
check "DICOM files are taken" "$evensight" ingest -c "$work/c/conf.json" "$work/dicom" "$work/references.jsonl"
check "and reported" "$evensight" report -c "$work/c/conf.json" -f json -o "$work/files.json"
check "with the same report" diff <(without_provenance "$work/lines.json") <(without_provenance "$work/files.json")
finish
