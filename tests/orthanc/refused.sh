#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is posted and is not right: each has its HTTP status and its reason, and the rest goes on.
source "$(dirname "$0")/lib.sh"

make_stream --patients 3 --references "$work/references.jsonl"
configure "$work/a" "$(evensight_section "$work/a")"
check "Orthanc starts" start "$work/a"
check "ready" wait_settled
code() { curl -s -m 60 -o "$work/body" -w '%{http_code}' "$@"; }
ndjson='Content-Type: application/x-ndjson'
line=$(head -1 "$work/references.jsonl")

equal "a form's content type" "$(code -H 'Content-Type: text/plain' --data-binary "$line" "$root/ingest/events")" 415
check "says what is expected" grep -q 'application/x-ndjson' "$work/body"
equal "no content type" "$(code -H 'Content-Type:' --data-binary "$line" "$root/ingest/events")" 415
equal "the wrong method" "$(code "$root/ingest/events")" 405
equal "the wrong method on a report" "$(code -X DELETE "$root/report")" 405
head -c 9000000 /dev/zero | tr '\0' ' ' >"$work/long"
equal "more than 8 MiB" "$(code -H "$ndjson" -H 'Expect:' --data-binary "@$work/long" "$root/ingest/events")" 403
equal "with doubled slashes too" "$(code -H "$ndjson" -H 'Expect:' --data-binary "@$work/long" "$url//evensight//ingest/events")" 403
equal "with an escaped letter too" "$(code -H "$ndjson" -H 'Expect:' --data-binary "@$work/long" "$url/%65vensight/ingest/events")" 403
equal "no length" "$(code -H "$ndjson" -H 'Transfer-Encoding: chunked' --data-binary "$line" "$root/ingest/events")" 403
equal "another URL passes the filter" "$(code -H 'Expect:' --data-binary "@$work/long" "$url/instances")" 400

brackets=$(printf '[%.0s' $(seq 5000))
printf '%s\n' "$brackets" '{"event":"reference",' '{"event":"reference","study_uid":"1.2.3","colour":"red"}' '' "$line" \
  '{"event":"wedding"}' '"text"' >"$work/mixed.jsonl"
equal "bad lines among good ones" "$(code -H "$ndjson" --data-binary "@$work/mixed.jsonl" "$root/ingest/events")" 200
equal "the good one is taken" "$(jq .taken "$work/body")" 1
equal "the others are counted" "$(jq .refused "$work/body")" 5
equal "and named by line" "$(jq -c '[.lines[].line]' "$work/body")" "[1,2,3,6,7]"
check "an unknown key is named" jq -e '.lines[2].reason | test("colour")' "$work/body"
equal "each has a reason" "$(jq '[.lines[].reason | length > 0] | all' "$work/body")" true
equal "no value is repeated" "$(grep -c 'red' "$work/body")" 0
printf '{"event":"reference","a":%s%s}\n' "$(printf '{"a":%.0s' $(seq 3000))1" "$(printf '}%.0s' $(seq 3000))" >"$work/deep.jsonl"
equal "deep braces" "$(code -H "$ndjson" --data-binary "@$work/deep.jsonl" "$root/ingest/events")" 200
equal "are refused" "$(jq .refused "$work/body")" 1
equal "an empty body" "$(code -H "$ndjson" -H 'Content-Length: 0' -X POST "$root/ingest/events")" 200
head -c 100000 /dev/urandom >"$work/noise"
equal "noise" "$(code -H "$ndjson" --data-binary "@$work/noise" "$root/ingest/events")" 200
equal "nothing of it is taken" "$(jq .taken "$work/body")" 0
check "it is still ready" wait_settled
equal "status" "$(code "$root/status")" 200
check "Orthanc stops in good order" stop
finish
