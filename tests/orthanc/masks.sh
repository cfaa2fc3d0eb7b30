#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Segmentations of a model and of a reader by C-STORE, in both orders, and as files to the program: one Dice in each group, one report.
source "$(dirname "$0")/lib.sh"
[ -x "$evensight" ] || skip "the program was not built"

mkdir "$work/dicom"
"$build/bin/make_masks" "$work/dicom" 12
if command -v dciodvfy >/dev/null; then
  for file in "$work"/dicom/*/*.dcm; do dciodvfy "$file" 2>&1 | grep '^Error' >>"$work/faults"; done
  equal "faults that dciodvfy finds" "$(sort "$work/faults" 2>/dev/null | uniq -c | head -5)" ""
fi

section() { # DIR
  jq -n --arg dir "$1" '{Site: "masks", Ledger: "sqlite:\($dir)/ledger.db", PseudonymKeyFile: "\($dir)/site.key",
    Axes: [{Name: "sex", Attribute: "PatientSex"}],
    Models: [{Name: "liver-net", Recognise: {AlgorithmName: "SegNet"}, ExpectWithin: "30d",
      Findings: [{Name: "liver", Task: "segmentation", ReferenceWithin: "0d",
                  From: [{Seg: {Property: "10200004,SCT", Label: "Liver", Measure: "mask"}}]},
                 {Name: "volume", Task: "measurement", ReferenceWithin: "0d",
                  From: [{Seg: {Property: "10200004,SCT", Measure: "volume"}}]}]}],
    Plan: {MinimumCases: 1, MinimumPatients: 1}, Disclosure: {Internal: "none"}}'
}
# dice REPORT: by group, to six places
dice() {
  jq -r '.models[0].findings[] | select(.finding == "liver") | .groups[] | select(.group.sex != "unknown") |
    "\(.group.sex // "all") \(.metrics.dice.n) \(.metrics.dice.value * 1000000 | round)"' "$1" | tr '\n' ';'
}
expected='all 12 666667;F 6 666667;M 6 666667;'

for order in "images results references" "references images results" "results references images"; do
  dir=$work/$(tr -d ' ' <<<"$order")
  configure "$dir" "$(section "$dir")"
  check "$order: Orthanc starts" start "$dir"
  for kind in $order; do
    check "$order: $kind are stored" send "$work/dicom/$kind"
    check "$order: settled" wait_settled
  done
  curl -sf "$root/report" >"$dir/report.json"
  equal "$order: masks are kept" "$(curl -sf "$root/status" | jq -c '[.masks.kept, .masks.dropped, .masks.limit]')" '[20,0,268435456]' # in exams 3, 6, 9, 12 both drew the same
  equal "$order: and told to monitoring" "$(curl -sf "$root/metrics" | grep -c '^evensight_masks_kept 20$')" 1
  check "$order: Orthanc stops" stop
  equal "$order: Dice by sex" "$(dice "$dir/report.json")" "$expected"
  without_provenance "$dir/report.json" >"$work/$(tr -d ' ' <<<"$order").plain"
done
check "one report in the first two orders" cmp "$work/imagesresultsreferences.plain" "$work/referencesimagesresults.plain"
check "and in the third" cmp "$work/imagesresultsreferences.plain" "$work/resultsreferencesimages.plain"

mkdir "$work/files"
section "$work/files" >"$work/files/conf.json"
check "files are taken" "$evensight" ingest -c "$work/files/conf.json" "$work/dicom"
check "and reported" "$evensight" report -c "$work/files/conf.json" -f json -o "$work/files/report.json"
check "the same report" diff <(without_provenance "$work/files/report.json") "$work/imagesresultsreferences.plain"
check "the chain holds" "$evensight" verify -c "$work/files/conf.json"
finish
