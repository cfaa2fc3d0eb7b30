#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Orthanc stored while the plugin was away, and what became of it meanwhile: deleted before it was read, sent again with overwriting on
# and off, a database that was replaced, an image of 600 MB. Whatever Orthanc still holds is counted, once; what it deleted stays counted.
source "$(dirname "$0")/lib.sh"

make_stream --exams 40 --dicom "$work/all"
mapfile -t images < <(find "$work/all" -name '*dx.dcm' | sort)
n=${#images[@]}
part() { # part NAME FROM COUNT: images of a folder of its own
  mkdir -p "$work/$1"
  cp "${images[@]:$2:$3}" "$work/$1/"
}
part a 0 10
part b 10 10
part c 20 5
dir=$work/site
section=$(evensight_section "$dir")
# plugged LIBRARY [EXTRA]: write the configuration with or without the plugin, on the same storage
plugged() { configure "$dir" "$([ "$1" = none ] && echo null || echo "$section")" "$1" "${2:-}"; }
seen() { curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen'; }
studies() { curl -sf "$url/studies" | jq -r '.[]'; }

plugged "$plugin" '{"OverwriteInstances": true}'
check "Orthanc starts" start "$dir"
check "ten exams are stored" send "$work/a"
check "settled" wait_settled
equal "and counted" "$(seen)" 10
head=$(status_of | jq .ledger.seq)
check "sent again, overwriting" send "$work/a"
check "settled again" wait_settled
equal "overwriting: nothing is new" "$(status_of | jq .ledger.seq)" "$head"
curl -sf -X DELETE "$url/studies/$(studies | head -1)" >/dev/null
check "settled behind a deletion" wait_settled
equal "what Orthanc deleted stays counted" "$(seen)" 10
check "stops" stop

plugged none
check "Orthanc starts without the plugin" start "$dir"
check "ten more are stored" send "$work/b"
for study in $(curl -s -X POST "$url/tools/find" -d "$(jq -n --arg uid "$(for f in "$work"/b/*; do dcmdump +P StudyInstanceUID "$f" | sed 's/.*\[\(.*\)\].*/\1/'; done | head -2 | paste -sd'\\')" \
  '{Level: "Study", Query: {StudyInstanceUID: $uid}}')" | jq -r '.[]'); do curl -sf -X DELETE "$url/studies/$study" >/dev/null; done
equal "two are deleted before they were read" "$(studies | wc -l)" 17
check "stops" stop
plugged "$plugin" '{"OverwriteInstances": false}'
check "Orthanc starts with it" start "$dir"
check "settled: caught up" wait_settled
equal "what it still holds is counted" "$(seen)" 18
# With a deleted object Orthanc takes its rows out of the log, the remembered one perhaps among them: then everything is walked, and `gap` says so.
check "a gap, if there seemed to be one, is closed" jq -e '.gap == null or .gap.closed != null' <(status_of)
head=$(status_of | jq .ledger.seq)
check "sent again, not overwriting" send "$work/b"
check "settled" wait_settled
equal "the two that were deleted are counted now" "$(seen)" 20
check "one event each" test "$(status_of | jq .ledger.seq)" -le $((head + 3)) # and a release that was seen
check "stops" stop

# Another database in its place: its log is not the one that was followed.
mv "$dir/storage" "$dir/storage.old"
plugged none
check "a new database" start "$dir"
check "is filled" send "$work/c"
check "with exams of before too" send "$work/a"
check "stops" stop
plugged "$plugin"
check "Orthanc starts on it" start "$dir"
check "settled: walked" wait_settled
status_of >"$work/replaced.json"
check "the gap is told and closed" jq -e '.gap.noticed != null and .gap.closed != null' "$work/replaced.json"
equal "its exams are counted, those of before once" "$(seen)" 25
check "stops" stop

# The storage is away while the log names ten exams: they wait, over a restart too, and are counted when it is back.
part d 25 10
plugged none
check "away: Orthanc starts without the plugin" start "$dir"
check "away: ten more are stored" send "$work/d"
check "away: stops" stop
waiting() { status_of | jq .objects.waiting; }
wait_for_waiting() { local i; for i in $(seq 150); do [ "$(waiting)" = "$1" ] && return; sleep 0.2; done; status_of; return 1; }
files=$(find "$dir/storage" -mindepth 3 -type f -newer "$work/replaced.json" | sort)
equal "away: their files" "$(wc -l <<<"$files")" 10
for file in $files; do mv "$file" "$file.away"; done
plugged "$plugin"
check "away: Orthanc starts with it" start "$dir"
check "away: ten objects wait" wait_for_waiting 10
equal "away: none is called unreadable, nothing is degraded" "$(status_of | jq -c '[.objects.unreadable, .state, .settled]')" '[0,"ready",false]'
equal "away: what could be read is counted" "$(seen)" 25
check "away: stops" stop
check "away: starts again" start "$dir"
check "away: and they wait again" wait_for_waiting 10
for file in $(head -9 <<<"$files"); do mv "$file.away" "$file"; done
check "away: nine are back" wait_for_waiting 1
curl -sf -X DELETE "$url/instances/$(last=$(tail -1 <<<"$files"); sqlite3 "file:$dir/storage/index?immutable=0&mode=ro" \
  "SELECT r.publicId FROM Resources r JOIN AttachedFiles a ON a.id = r.internalId WHERE a.uuid = '$(basename "$last")'")" >/dev/null
check "away: the tenth is deleted: settled" wait_settled
equal "away: the nine are counted" "$(seen)" 34
equal "away: and the tenth is gone" "$(status_of | jq -c '[.objects.gone, .objects.unreadable]')" '[1,0]'
check "away: stops" stop

# An image of 600 MB is read by its tags: Orthanc's memory does not grow by it.
room=$(awk '/MemAvailable/ { print int($2 / 1024) }' /proc/meminfo)
if [ "$room" -gt 4000 ] && [ "$(df -m --output=avail "$work" | tail -1)" -gt 3000 ]; then
  big=$work/big.dcm
  cp "${images[35]}" "$big"
  dcmodify -q -nb -i '(0028,0008)=600' -i '(0028,0010)=1024' -i '(0028,0011)=1024' -i '(0028,0100)=8' -i '(0028,0101)=8' -i '(0028,0102)=7' "$big"
  perl -0777 -pi -e 's/\xe0\x7f\x10\x00.*//s' "$big"
  printf '\xe0\x7f\x10\x00OB\x00\x00\x00\x00\x80\x25' >>"$big" # 629,145,600 bytes
  truncate -s $(($(stat -c %s "$big") + 629145600)) "$big"
  plugged none
  check "big: Orthanc starts" start "$dir"
  equal "big: stored" "$(curl -s -m 120 -o /dev/null -w '%{http_code}' -H 'Expect:' -T "$big" -X POST "$url/instances")" 200
  check "big: stops" stop
  plugged "$plugin"
  check "big: Orthanc starts with the plugin" start "$dir"
  check "big: settled" wait_settled
  equal "big: counted" "$(seen)" 35
  equal "big: not too large" "$(status_of | jq .objects.too_large)" 0
  most=$(awk '/VmHWM/ { print int($2 / 1024) }' "/proc/$pid/status")
  check "big: Orthanc's memory stayed under 300 MiB ($most)" test "$most" -lt 300
  check "big: stops" stop
else
  echo "skipped: an image of 600 MB: not enough room"
fi
finish
