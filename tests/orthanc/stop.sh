#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Twenty stops in the middle of storing and reading: none may crash. And a start that fails, after which Finalize runs twice.
source "$(dirname "$0")/lib.sh"

make_stream --exams 400 --dicom "$work/dicom" --references "$work/references.jsonl"
# ten DIR: ten rounds on one archive
ten() {
  local dir=$1 round status crashes=0 sender reader poster
  configure "$dir" "$(evensight_section "$dir")"
  for round in $(seq 10); do
    start "$dir" || { crashes=$((crashes + 1)); break; }
    send "$work/dicom/00$((round % 4))" >/dev/null 2>&1 &
    sender=$!
    (while curl -s -m 5 "$root/report.html" "$root/status" "$root/plots"; do :; done) >/dev/null &
    reader=$!
    post "$work/references.jsonl" >/dev/null 2>&1 &
    poster=$!
    sleep "0.$((round % 5 + 1))"
    stop
    status=$?
    [ "$status" -eq 0 ] || { crashes=$((crashes + 1)); echo "round $round: exit status $status"; }
    wait $sender $reader $poster 2>/dev/null
  done
  equal "$(basename "$dir"): stops that were not in good order" "$crashes" 0
  check "$(basename "$dir"): nothing crashed in the log" bash -c "! grep -qiE 'segmentation|terminate called|assert' '$dir/orthanc.log'"
}
beside ten "$work/first"
beside ten "$work/second"
gather

# The HTTP port is taken: Orthanc gives up after having loaded the plugin.
configure "$work/b" "$(evensight_section "$work/b")"
start "$work/b" >/dev/null
first=$pid
configure "$work/c" "$(evensight_section "$work/c")"
jq --argjson port "$(jq .HttpPort "$work/b/orthanc.json")" '.HttpPort = $port' "$work/c/orthanc.json" >"$work/c/other.json"
timeout 60 Orthanc "$work/c/other.json" >"$work/c/orthanc.log" 2>&1
status=$?
check "a failed start ends by itself, not by a signal (exit status $status)" test "$status" -gt 0 -a "$status" -lt 128 -o "$status" -eq 255
pid=$first
check "the first one goes on and stops in good order" stop
finish
