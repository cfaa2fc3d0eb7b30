#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the worker reads back from Orthanc says the same as what was skimmed while it was stored, by C-STORE or over HTTP, big images
# by their tags included; and copies that Orthanc made are excluded and counted, corrections are not.
source "$(dirname "$0")/lib.sh"

make_stream --patients 12 --dicom "$work/dicom"
head -c 2000000 /dev/zero >"$work/pixels"
code_item >"$work/item"
n=0
for image in "$work"/dicom/000/*dx.dcm; do
  n=$((n + 1))
  dcmodify -q -nb -imt -i "(0010,2160)=$(printf '%s' A B Z "9" "?" | cut -c$((n % 5 + 1)))" -i "(0008,1090)=Scanner $((n % 3))" \
    -i "(0010,1020)=1.7$n" -i '(0010,21c0)=4' -i '(0008,1032)[0].(0008,0100)=C' -if "(0010,2161)=$work/item" -if "(7fe0,0010)=$work/pixels" \
    -i '(0028,0010)=1000' -i '(0028,0011)=2000' "$image" || bad "dcmodify"
done
post_images() { for image in "$work"/dicom/000/*.dcm; do curl -sf -H 'Expect:' --data-binary "@$image" "$url/instances" >/dev/null || return; done; }
# read_by WAY: the report of the images stored that way; fetched: while the plugin was away
read_by() {
  if [ "$1" = fetched ]; then
    configure "$work/$1" null none
    check "$1: Orthanc starts without the plugin" start "$work/$1"
    check "$1: images are stored" post_images
    check "$1: stops" stop
  fi
  configure "$work/$1" "$(evensight_section "$work/$1" | jq '.Axes += [{Name: "pregnancy", Attribute: "PregnancyStatus"},
    {Name: "procedure", Attribute: "ProcedureCodeSequence"}, {Name: "code", Attribute: "EthnicGroupCodeSequence"}]')"
  check "$1: Orthanc starts" start "$work/$1"
  [ "$1" != skimmed ] || check "$1: images are stored" send "$work/dicom"
  [ "$1" != posted ] || check "$1: images are stored" post_images
  check "$1: settled" wait_settled
  curl -sf "$root/report" >"$work/$1.json"
  status_of >"$work/$1.status"
}
read_by skimmed
# The first walk may read one that is in the inbox too: it counts once.
read_so() { jq -e --argjson n "$n" '.objects | .skimmed >= $n and .fetched >= $n' "$work/$1.status"; }
check "images are read from their header" read_so skimmed
check "skimmed: stops" stop
read_by fetched
check "or from Orthanc, by their tags" read_so fetched
equal "with as many exams" "$(jq '.models[0].findings[0].groups[0].funnel.seen' "$work/fetched.json")" "$n"
equal "codes and numbers in bytes are read" "$(jq -c '[.attributes.PregnancyStatus.present,
  .attributes.ProcedureCodeSequence.present, .attributes.EthnicGroupCodeSequence.present]' "$work/fetched.json")" "[$n,$n,$n]"
check "and the same report" diff <(without_provenance "$work/skimmed.json") <(without_provenance "$work/fetched.json")
check "fetched: stops" stop
read_by posted
check "over HTTP too they are read from their header" read_so posted
check "with the same report" diff <(without_provenance "$work/skimmed.json") <(without_provenance "$work/posted.json")

study=$(curl -s -X POST "$url/tools/find" -d '{"Level":"Study","Query":{}}' | jq -r '.[0]')
equal "nothing is a copy yet" "$(jq .excluded.copy "$work/posted.json")" 0
curl -sf -X POST "$url/studies/$study/anonymize" -d '{}' >/dev/null
curl -sf -X POST "$url/studies/$study/modify" -d '{"Replace":{"AccessionNumber":"X1"}}' >/dev/null
curl -sf -X POST "$url/studies/$study/modify" -d '{"Replace":{"StudyDescription":"again"},"Keep":["StudyInstanceUID"],"Force":true}' >/dev/null
check "copies: settled" wait_settled
equal "two copies are excluded" "$(curl -sf "$root/report" | jq .excluded.copy)" 2
equal "no exam is counted twice" \
  "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel | .seen - .excluded')" "$n"
check "stops" stop
finish
