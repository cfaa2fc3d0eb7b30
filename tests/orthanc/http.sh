#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# HTTP as enemies and crowds use it: 64 clients posting while C-STORE runs, slow bodies, forms from other sites, and Orthanc's own users:
# nothing acknowledged is lost, and no answer is 5xx but the documented 503 with Retry-After.
#
#   tests/orthanc/http.sh [SECONDS]     20; the long run: 120
source "$(dirname "$0")/lib.sh"
seconds=${1:-20} clients=64

make_stream --exams 300 --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")
configure "$work/crowd" "$(evensight_section "$work/crowd")" "$plugin" '{"HttpThreadsCount": 50}'
check "Orthanc starts" start "$work/crowd"
check "ready" wait_settled
split -l 3 -d -a 3 "$work/references.jsonl" "$work/lines."
ls "$work"/lines.* >"$work/pieces"
end=$((SECONDS + seconds))
# client N: posts random pieces; one line an answer: status, whether it said when to come again, piece
client() {
  local piece code
  while [ "$SECONDS" -lt "$end" ]; do
    piece=$(shuf -n 1 "$work/pieces")
    code=$(curl -s -m 60 -o /dev/null -D "$work/head.$1" -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "@$piece" "$root/ingest/events")
    echo "$code $(grep -ci '^retry-after:' "$work/head.$1" 2>/dev/null) $piece" >>"$work/answers.$1"
  done
}
crowd=()
for n in $(seq $clients); do client "$n" & crowd+=($!); done
# What somebody does who wants to hold the server up: bodies that come byte by byte.
slow=()
for n in 1 2 3 4; do
  (exec 3<>"/dev/tcp/127.0.0.1/$http_port" || exit
    printf 'POST /evensight/ingest/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nContent-Length: 100000\r\n\r\n' >&3
    while [ "$SECONDS" -lt "$end" ]; do printf ' ' >&3; sleep 0.3; done) 2>/dev/null &
  slow+=($!)
done
send "$work/dicom" >/dev/null 2>&1
equal "objects are stored meanwhile" "$(stored)" $((2 * exams))
equal "status answers meanwhile" "$(curl -s -m 20 -o /dev/null -w '%{http_code}' "$root/status")" 200
wait "${crowd[@]}"
kill "${slow[@]}" 2>/dev/null
wait "${slow[@]}" 2>/dev/null
cat "$work"/answers.* >"$work/answers"
echo "     $(wc -l <"$work/answers") posts by $clients clients in $seconds s: $(cut -d' ' -f1 "$work/answers" | sort | uniq -c | tr -s ' \n' ' ')"
equal "answers that are neither 200 nor 503" "$(grep -cvE '^(200|503) ' "$work/answers")" 0
equal "503 without a Retry-After" "$(grep -c '^503 0' "$work/answers")" 0
check "there were answers" test "$(grep -c '^200' "$work/answers")" -gt 0
check "settled" wait_settled 120
grep '^200 ' "$work/answers" | cut -d' ' -f3 | sort -u | xargs cat >"$work/acknowledged.jsonl"
equal "acknowledged lines that are not there" "$(post "$work/acknowledged.jsonl" | jq -c '[.taken, .revised, .refused]')" "[0,0,0]"
equal "every exam once" "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" "$exams"

# A page of another site can make a browser send these, with its stored password: none may be taken.
before=$(status_of | jq .ledger.seq)
line=$(head -1 "$work/references.jsonl")
for type in application/x-www-form-urlencoded text/plain 'text/plain;charset=UTF-8' ''; do
  equal "a form as '$type'" "$(curl -s -o /dev/null -w '%{http_code}' -H "Content-Type:${type:+ $type}" -H 'Origin: http://evil.example' --data-binary "$line" "$root/ingest/events")" 415
done
equal "the browser's question before any other type is not granted" \
  "$(curl -s -D - -o /dev/null -X OPTIONS -H 'Origin: http://evil.example' -H 'Access-Control-Request-Method: POST' -H 'Access-Control-Request-Headers: content-type' "$root/ingest/events" | grep -ci '^access-control-allow')" 0
equal "a type that only begins like ours" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjsonp' --data-binary "$line" "$root/ingest/events")" 415
equal "compressed" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' -H 'Content-Encoding: gzip' --data-binary "$line" "$root/ingest/events")" 415
for method in PUT DELETE; do
  equal "$method on each route" "$(for route in status report coverage unpaired metrics plots app/ strip ingest/events; do
    curl -s -o /dev/null -w '%{http_code} ' -X $method -H 'Content-Length: 0' "$root/$route"; done | tr ' ' '\n' | sort -u | tr -d '\n')" 405
done
equal "POST where only GET is known" "$(for route in status report report.json report.html report.csv coverage unpaired metrics plots app/ strip; do
  curl -s -o /dev/null -w '%{http_code} ' -H 'Content-Type: application/x-ndjson' --data-binary x "$root/$route"; done | tr ' ' '\n' | sort -u | tr -d '\n')" 405
for path in '../status' '%2e%2e/%2e%2e/etc/passwd' 'plots/../../../../etc/passwd' 'plots/%2e%2e%2f%2e%2e%2fetc%2fpasswd' "$(printf 'a%.0s' $(seq 3000))"; do
  code=$(curl -s --path-as-is -o "$work/body" -w '%{http_code}' "$root/$path")
  check "no such path: $(cut -c1-40 <<<"$path") ($code)" test "$code" -ge 400 -a "$code" -lt 500
done
equal "nothing of it was taken" "$(status_of | jq .ledger.seq)" "$before"
check "Orthanc stops in good order" stop

# Orthanc's users: every route asks for the password.
configure "$work/users" "$(evensight_section "$work/users")" "$plugin" '{"AuthenticationEnabled": true, "RegisteredUsers": {"staff": "secret"}}'
Orthanc "$work/users/orthanc.json" >>"$work/users/orthanc.log" 2>&1 &
pid=$! pids+=("$pid")
url=http://127.0.0.1:$http_port root=$url/evensight
for _ in $(seq 600); do curl -sf -u staff:secret -o /dev/null "$url/system" && break; sleep 0.05; done
for route in status report report.json report.html report.csv coverage unpaired metrics plots plots/none.png app/ strip ingest/events nothing; do
  equal "without a password: $route" "$(curl -s -o /dev/null -w '%{http_code}' "$root/$route")" 401
  equal "with a wrong one: $route" "$(curl -s -u staff:wrong -o /dev/null -w '%{http_code}' "$root/$route")" 401
done
equal "posting without a password" "$(curl -s -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "$line" "$root/ingest/events")" 401
for _ in $(seq 200); do [ "$(curl -s -u staff:secret -o /dev/null -w '%{http_code}' "$root/report")" = 200 ] && break; sleep 0.1; done
for route in status report report.html metrics app/ strip; do
  equal "with the password: $route" "$(curl -s -u staff:secret -o /dev/null -w '%{http_code}' "$root/$route")" 200
done
equal "posting with the password" "$(curl -s -u staff:secret -o /dev/null -w '%{http_code}' -H 'Content-Type: application/x-ndjson' --data-binary "$line" "$root/ingest/events")" 200
check "Orthanc with users stops in good order" stop
finish
