#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Whatever is wrong with the configuration, Orthanc starts and stores; status says what is wrong, and one line of the log.
source "$(dirname "$0")/lib.sh"

make_stream --patients 1 --dicom "$work/dicom"
image=$(ls "$work"/dicom/000/*dx.dcm | head -1)
good=$(evensight_section "$work/good")

# try NAME SECTION WORDS: WORDS (a pattern) must stand in the reason
try() {
  local name=$1 dir=$work/$1 code
  configure "$dir" "$2"
  start "$dir" >"$dir/start.out" || { bad "$name: Orthanc starts" "$(cat "$dir/start.out")"; return; }
  check "$name: an image is stored" store_one "$image"
  equal "$name: it is there" "$(stored)" 1
  for _ in $(seq 50); do # what is found out by the worker takes a moment
    code=$(curl -s -o "$dir/status.json" -w '%{http_code}' "$root/status")
    [ "$(jq -r .state "$dir/status.json")" = starting ] || break
    sleep 0.1
  done
  equal "$name: status" "$code" 503
  check "$name: the reason" grep -qE "$3" <(jq -r .reason "$dir/status.json")
  equal "$name: lines of the log" "$(grep -cE 'evensight: (not started|degraded)' "$dir/orthanc.log")" 1
  check "$name: Orthanc stops in good order" stop
}
beside try unknown_key "$(jq '. + {Colour: 1}' <<<"$good")" 'Colour'
beside try wrong_type "$(jq '.Models[0].Findings[2].Threshold = "high"' <<<"$good")" 'Threshold'
beside try impossible_value "$(jq '.Plan.Alpha = 2' <<<"$good")" 'Alpha'
beside try no_models "$(jq 'del(.Models)' <<<"$good")" 'Models'
beside try unknown_axis "$(jq '.Intersections = [["sex","shoe size"]]' <<<"$good")" 'Intersections'
beside try not_an_object '"yes"' 'Evensight|object'
beside try wrong_root "$(jq '.Root = "nowhere"' <<<"$good")" 'Root'
beside try unknown_store "$(jq '.Ledger = "oracle:x"' <<<"$good")" 'Ledger'
beside try no_such_folder "$(jq --arg w "$work" '.Ledger = "sqlite:\($w)/not/there/ledger.db"' <<<"$good")" '.'
beside try missing_vocabulary "$(jq '.Axes[2].Vocabulary = "/not/there.csv"' <<<"$good")" 'Vocabulary'

# A key that is missing beside a ledger that was made with one: degraded, and no new key is made.
key_away() {
  configure "$work/key" "$(evensight_section "$work/key")"
  start "$work/key" || { bad "key: Orthanc starts"; return; }
  check "key: ready first" wait_settled
  stop
  mv "$work/key/site.key" "$work/key/away.key"
  rm -rf "$work/key/storage" "$work/key/orthanc.log"
  try key "$(evensight_section "$work/key")" '[Kk]ey'
  check "key: none was made" test ! -e "$work/key/site.key"
}
beside key_away

# Not configured, or not enabled: nothing is served, everything works.
off() {
  configure "$work/off$1" "$2"
  start "$work/off$1" >/dev/null
  check "off $1: an image is stored" store_one "$image"
  equal "off $1: no route" "$(curl -s -o /dev/null -w '%{http_code}' "$root/status")" 404
  check "off $1: Orthanc stops in good order" stop
}
beside off 1 null
beside off 2 "$(jq '.Enable = false' <<<"$good")"
gather
finish
