#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A ledger that cannot be written (no folder, a full disk, read-only, locked by another program, a damaged page, gone): images are stored,
# status says degraded and why, posts are answered 503, and when the cause is gone nothing is missing.
source "$(dirname "$0")/lib.sh"
trap 'umount "$work"/*/ledger 2>/dev/null' EXIT

make_stream --exams 60 --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")
mkdir -p "$work/a"
section=$(evensight_section "$work/a/ledger")
configure "$work/a" "$section"
# A file stands where the ledger's folder should be: nobody, root included, can write there.
touch "$work/a/ledger"
check "Orthanc starts" start "$work/a"
check "objects are stored" send "$work/dicom"
equal "all of them" "$(stored)" $((2 * exams))
for _ in $(seq 50); do [ "$(status_of | jq -r .state)" = degraded ] && break; sleep 0.1; done
equal "status says so" "$(status_of | jq -r .state)" degraded
equal "with 503" "$(curl -s -o /dev/null -w '%{http_code}' "$root/status")" 503
check "with a reason" jq -e '.reason | length > 0' <(status_of)
equal "a post is not acknowledged" "$(curl -s -o "$work/body" -w '%{http_code}' -H 'Content-Type: application/x-ndjson' \
  --data-binary "@$work/references.jsonl" "$root/ingest/events")" 503
check "and is told when to come again" grep -qi '^Retry-After:' <(curl -s -D - -o /dev/null "$root/status")
equal "one line of the log" "$(grep -c 'evensight: degraded' "$work/a/orthanc.log")" 1
rm "$work/a/ledger"
mkdir "$work/a/ledger"
check "it recovers by itself" wait_settled 90
post "$work/references.jsonl" >"$work/answer.json"
equal "labels are taken" "$(jq .taken "$work/answer.json")" "$exams"
check "settled" wait_settled
equal "every exam is there, once" "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" "$exams"
check "Orthanc stops in good order" stop

# under NAME WORDS BREAK MEND: break a ledger that holds acknowledged labels, store and post, mend it: everything is there, once
head -n $((exams / 2)) "$work/references.jsonl" >"$work/first.jsonl"
code_of() { curl -s -m 60 -o "$work/body.$BASHPID" -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "@$1" "$root/ingest/events"; }
under() {
  local name=$1 words=$2 break=$3 mend=$4 dir=$work/$1 i code
  mkdir -p "$dir/ledger"
  case $name in full | readonly) mount -t tmpfs -o size=12m none "$dir/ledger" || { bad "$name: a small file system"; return; } ;; esac
  configure "$dir" "$(evensight_section "$dir/ledger")"
  start "$dir" || { bad "$name: Orthanc starts"; return; }
  send "$work/dicom/000/" >/dev/null 2>&1
  post "$work/first.jsonl" >/dev/null
  check "$name: settled before" wait_settled
  # What is read once and kept shows when the ledger is opened again.
  case $name in damaged | readonly) stop; $break "$dir/ledger"; start "$dir" || { bad "$name: Orthanc starts again"; return; } ;;
  *) $break "$dir/ledger" ;; esac
  # Something to write: labels. What is said to be in is in; what is not is told so.
  for i in $(seq 100); do
    code=$(code_of "$work/references.jsonl")
    [ "$code" = 503 ] && break
    [ "$code" = 200 ] || break
    sleep 0.1
  done
  equal "$name: a post is not acknowledged" "$code" 503
  for i in $(seq 100); do [ "$(status_of | jq -r .state)" = degraded ] && break; sleep 0.1; done
  check "$name: status says degraded and why" jq -e --arg words "$words" '.state == "degraded" and (.reason | test($words))' <(status_of)
  check "$name: objects are stored all the same" send "$work/dicom"
  equal "$name: all of them" "$(stored)" $((2 * exams))
  $mend "$dir/ledger"
  check "$name: it recovers by itself" wait_settled 90
  equal "$name: the labels are taken now, those of before are there" "$(post "$work/references.jsonl" | jq -c '[.taken, .duplicate, .refused]')" \
    "[$((exams - exams / 2)),$((exams / 2)),0]"
  check "$name: settled" wait_settled
  equal "$name: every exam, once" "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" "$exams"
  check "$name: Orthanc stops in good order" stop
  check "$name: the chain holds" "$evensight" verify -c <(evensight_section "$dir/ledger" | jq '{Evensight: .}')
  ! mountpoint -q "$dir/ledger" || umount "$dir/ledger"
}
fill() { dd if=/dev/zero of="$1/filler" bs=1k 2>/dev/null || true; }
drain() { rm -f "$1/filler"; }
# Another program in the middle of a transaction, until it is ended.
lock() {
  sqlite3 "$1/ledger.db" <<<"$(printf 'BEGIN EXCLUSIVE;\n.shell touch %s/locked; while [ ! -e %s/unlock ]; do sleep 0.1; done\nROLLBACK;\n' "$1" "$1")" &
  while [ ! -e "$1/locked" ]; do sleep 0.05; done
}
unlock() { touch "$1/unlock"; }
away() { mkdir "$1/away" && mv "$1"/ledger.db* "$1/away/"; }
back() { mv "$1"/away/* "$1/"; }
seal() { mount -o remount,ro "$1"; }
unseal() { mount -o remount,rw "$1"; }
# Every page but the first overwritten; put back from a copy.
damage() {
  cp "$1/ledger.db" "$1/copy"
  local page pages
  page=$(sqlite3 "file:$1/copy?immutable=1" 'PRAGMA page_size')
  pages=$(($(stat -c %s "$1/ledger.db") / page))
  dd if=/dev/urandom of="$1/ledger.db" bs="$page" seek=1 count=$((pages - 1)) conv=notrunc 2>/dev/null
}
heal() { dd if="$1/copy" of="$1/ledger.db" bs=64k conv=notrunc 2>/dev/null; }
probe=$work/probe
mkdir "$probe"
if mount -t tmpfs -o size=64k none "$probe" 2>/dev/null; then
  umount "$probe"
  beside under full 'no space|full|I/O' fill drain
  beside under readonly 'read-only|Read-only' seal unseal
else
  echo "skipped: a full disk, a read-only one: no right to mount a small file system"
fi
beside under gone 'gone|another file' away back
if command -v sqlite3 >/dev/null; then
  beside under locked 'locked' lock unlock
  beside under damaged 'damaged|malformed|no SQLite' damage heal
else
  echo "skipped: locked, damaged: no sqlite3 here"
fi
gather
finish
