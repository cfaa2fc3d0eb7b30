#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A ledger that cannot be written: images are stored, status says degraded, posts are answered 503, and when it can be written
# again nothing is missing.
source "$(dirname "$0")/lib.sh"

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
finish
