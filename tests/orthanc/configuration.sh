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
  start "$dir" >"$work/start.out" || { bad "$name: Orthanc starts" "$(cat "$work/start.out")"; return; }
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
try unknown_key "$(jq '. + {Colour: 1}' <<<"$good")" 'Colour'
try wrong_type "$(jq '.Models[0].Findings[2].Threshold = "high"' <<<"$good")" 'Threshold'
try impossible_value "$(jq '.Plan.Alpha = 2' <<<"$good")" 'Alpha'
try no_models "$(jq 'del(.Models)' <<<"$good")" 'Models'
try unknown_axis "$(jq '.Intersections = [["sex","shoe size"]]' <<<"$good")" 'Intersections'
try not_an_object '"yes"' 'Evensight|object'
try wrong_root "$(jq '.Root = "nowhere"' <<<"$good")" 'Root'
try unknown_store "$(jq '.Ledger = "oracle:x"' <<<"$good")" 'Ledger'
try no_such_folder "$(jq --arg w "$work" '.Ledger = "sqlite:\($w)/not/there/ledger.db"' <<<"$good")" '.'
mkdir -p "$work/keyless"
try missing_vocabulary "$(jq '.Axes[2].Vocabulary = "/not/there.csv"' <<<"$good")" 'Vocabulary'

# A key that is missing beside a ledger that was made with one: degraded, and no new key is made.
configure "$work/key" "$(evensight_section "$work/key")"
if start "$work/key" >"$work/start.out"; then
  check "key: ready first" wait_settled
  stop
  mv "$work/key/site.key" "$work/key/away.key"
  try key "$(evensight_section "$work/key")" '[Kk]ey'
  check "key: none was made" test ! -e "$work/key/site.key"
else bad "key: Orthanc starts" "$(cat "$work/start.out")"; fi

# Not configured, or not enabled: nothing is served, everything works.
for section in null "$(jq '.Enable = false' <<<"$good")"; do
  configure "$work/off" "$section"
  start "$work/off" >/dev/null
  check "off: an image is stored" store_one "$image"
  equal "off: no route" "$(curl -s -o /dev/null -w '%{http_code}' "$root/status")" 404
  check "off: Orthanc stops in good order" stop
  rm -rf "$work/off"
done
finish
