#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Requests that no honest client sends: lengths that lie or stand twice, bodies in chunks and in parts, several requests behind one another,
# every method on every route, paths and parameters that mean something elsewhere. Each gets its refusal, or what a plain request gets;
# nothing that was not asked for by a message of our own type is taken, and Orthanc goes on.
source "$(dirname "$0")/lib.sh"

make_stream --patients 3 --references "$work/references.jsonl"
configure "$work/a" "$(evensight_section "$work/a")" "$plugin" '{"KeepAlive": true, "KeepAliveTimeout": 2, "RemoteAccessAllowed": true, "AuthenticationEnabled": true, "RegisteredUsers": {"staff": "secret"}}'
Orthanc "$work/a/orthanc.json" >>"$work/a/orthanc.log" 2>&1 &
pid=$! pids+=("$pid")
url=http://127.0.0.1:$http_port root=$url/evensight
login=(-u staff:secret)
curl() { command curl "${login[@]}" "$@"; }
for _ in $(seq 1200); do curl -sf -o /dev/null "$url/system" && break; sleep 0.05; done
check "ready" wait_settled
line=$(head -1 "$work/references.jsonl") ndjson='Content-Type: application/x-ndjson'
basic="Authorization: Basic $(printf staff:secret | base64)"
code() { curl -s -m 30 --path-as-is -o "$work/body" -w '%{http_code}' "$@"; }
events() { status_of | jq -c .events; }

# raw FORMAT...: bytes as they are; the status lines of the answers
raw() {
  exec 3<>"/dev/tcp/127.0.0.1/$http_port" || return
  printf "$@" >&3 2>/dev/null
  timeout 10 cat <&3 >"$work/raw"
  exec 3>&-
  grep -ao 'HTTP/1\.[01] [0-9][0-9]*' "$work/raw" | cut -d' ' -f2 | tr '\n' ' ' | sed 's/ $//'
}
post_head="POST /evensight/ingest/events HTTP/1.1\r\nHost: x\r\n$basic\r\n$ndjson\r\n"
last='Connection: close\r\n\r\n'

before=$(events)
# ---- lengths ----
for length in '' -5 ' -5' +5 0x10 '5 5' '5,5' '5;' 1e3 8388609 9223372036854775808 18446744073709551617 99999999999999999999999; do
  status=$(raw "${post_head}Content-Length: $length\r\n${last}%s" "$line")
  check "a length of '$length' ($status)" test "$status" = 403 -o "$status" = 411
done
equal "two lengths, the first beyond the limit" "$(raw "${post_head}Content-Length: 20000000\r\nContent-Length: 3\r\n${last}   ")" 403
equal "two lengths, the second beyond the limit: the first holds" "$(raw "${post_head}Content-Length: 3\r\nContent-Length: 20000000\r\n${last}   ")" 200
equal "a body in chunks" "$(raw "${post_head}Transfer-Encoding: chunked\r\n${last}3\r\nabc\r\n0\r\n\r\n")" 403
equal "in chunks, and with a length" "$(raw "${post_head}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n${last}3\r\nabc\r\n0\r\n\r\n")" 403
equal "9 MB announced to see whether they are wanted" "$(raw "${post_head}Content-Length: 9000000\r\nExpect: 100-continue\r\n${last}")" 403
equal "a body of a GET is not waited for" "$(raw "GET /evensight/plots HTTP/1.1\r\nHost: x\r\n$basic\r\nContent-Length: 999999999999\r\n${last}")" 200
equal "a header without a colon" "$(raw "GET /evensight/status HTTP/1.1\r\nHost: x\r\n$basic\r\nnonsense\r\n${last}")" 400
raw "GET /evensight/status HTTP/1.1\r\nHost: x\r\n$basic\r\nX: $(printf 'a%.0s' $(seq 40000))\r\n${last}" >"$work/long"
check "a header of 40 KB gets no report of ours" test "$(cat "$work/long")" != 200
# What follows a body that is shorter than announced is a request of its own, and has to bring its own password.
equal "requests behind one another" \
  "$(raw "${post_head}Content-Length: 3\r\n\r\n   GET /evensight/plots HTTP/1.1\r\nHost: x\r\n$basic\r\n\r\nGET /evensight/nothing HTTP/1.1\r\nHost: x\r\n$basic\r\n${last}")" "200 200 404"
equal "a second one without a password" "$(raw "${post_head}Content-Length: 3\r\n\r\n   GET /evensight/report HTTP/1.1\r\nHost: x\r\n${last}")" "200 401"
equal "nothing was taken" "$(events)" "$before"

# ---- what a page of another site can make a browser send: multipart bodies, whose parts carry any type they like ----
form() { code -F "files[]=@$work/references.jsonl;type=$1" -H 'Origin: http://evil.example' "$root/ingest/events"; }
equal "a form with a part of our type" "$(form application/x-ndjson)" 403
equal "a form with a part of another" "$(form text/plain)" 403
for type in 'multipart/form-data; boundary=a' 'Multipart/Form-Data; boundary=a' 'multipart/related; type="application/x-ndjson"; boundary=a' 'multipart/mixed; boundary=a'; do
  printf -- '--a\r\nContent-Disposition: form-data; name="f"; filename="f"\r\nContent-Type: application/x-ndjson\r\n\r\n%s\r\n--a--\r\n' "$line" >"$work/parts"
  equal "$type" "$(code -H "Content-Type: $type" --data-binary "@$work/parts" "$root/ingest/events")" 403
  equal "$type with doubled slashes" "$(code -H "Content-Type: $type" --data-binary "@$work/parts" "$url//evensight//ingest/events")" 403
  equal "$type with PUT" "$(code -X PUT -H "Content-Type: $type" --data-binary "@$work/parts" "$root/ingest/events")" 403
done
for type in 'application/x-ndjson, text/plain' 'text/plain; application/x-ndjson' 'application/x-ndjsonp' 'application/json' 'application/x-www-form-urlencoded'; do
  equal "type $type" "$(code -H "Content-Type: $type" --data-binary "$line" "$root/ingest/events")" 415
done
for coding in gzip deflate br identity; do
  equal "content encoding $coding" "$(code -H "$ndjson" -H "Content-Encoding: $coding" --data-binary "$line" "$root/ingest/events")" 415
done
equal "another method by a header" "$(code -H "$ndjson" -H 'X-HTTP-Method-Override: DELETE' --data-binary "$line" "$root/ingest/events")" 405
check "a GET that says it is a POST" test "$(code -H 'X-HTTP-Method-Override: POST' "$root/ingest/events")" != 200
equal "nothing was taken" "$(events)" "$before"

# ---- methods ----
routes='status report report.json report.html report.csv coverage unpaired metrics plots plots/none.png app/ ingest/events'
for method in PUT DELETE; do
  equal "$method on each route" "$(for route in $routes; do code -X $method -H 'Content-Length: 0' "$root/$route"; echo; done | sort -u | tr '\n' ' ')" "405 "
done
for method in OPTIONS PATCH TRACE CONNECT PROPFIND LOCK BREW; do
  equal "$method on each route is nothing we know" "$(for route in $routes; do code -X $method -H 'Content-Length: 0' "$root/$route"; echo; done | grep -cvE '^(400|404|405|501)$')" 0
done
equal "POST where only GET is known" "$(for route in ${routes% *}; do code -H "$ndjson" --data-binary "$line" "$root/$route"; echo; done | sort -u | tr '\n' ' ')" "405 "
check "HEAD has no body" test "$(curl -s -I -o /dev/null -w '%{size_download}' "$root/report")" = 0

# ---- paths and parameters ----
path() { equal "$2" "$(code "$url$2")" "$1"; }
for same in /evensight//status //evensight/status /evensight/./status /evensight/status/ /evensight/st%61tus '/evensight/status?' '/evensight/status?a=b&c' /evensight/app/../status; do path 200 "$same"; done
for none in /evensight/STATUS /EVENSIGHT/status /evensight /evensight/ingest '/evensight/status;x=1' /evensight/status%20 /evensight/../evensight/../etc/passwd \
  /evensight/%2e%2e/status /evensight/plots/..%2f..%2fledger.db /evensight/plots/%2e%2e /evensight/plots/x%00.png /evensight/%c0%ae%c0%ae/ /evensight/%0d%0aSet-Cookie:x /evensight/ledger.db /evensight/site.key; do path 404 "$none"; done
for odd in '/evensight/report?format=' '/evensight/report?format=<script>' '/evensight/report?<script>alert(1)</script>=1' '/evensight/report?a%0d%0aSet-Cookie:x=1' \
  '/evensight/report?%00=1' '/evensight/report?audience=external' '/evensight/report.json?from=20200101' '/evensight/report?format=json&format=../../x'; do
  path 400 "$odd"
  check "and nothing of it is repeated" test "$(grep -cE 'script|Cookie|external|2020|\.\./' "$work/body")" = 0
done
curl -s -D "$work/head" -o /dev/null "$root/report.html"
contains_header() { grep -qi "^$1" "$work/head"; }
check "the page may run nothing" contains_header "Content-Security-Policy: default-src 'none'"
check "and is not kept" contains_header 'Cache-Control: no-store'
check "a type is what it says" contains_header 'X-Content-Type-Options: nosniff'
check "no other site is let in" test "$(curl -s -D - -o /dev/null -H 'Origin: http://evil.example' "$root/report" | grep -ci '^access-control-')" = 0
equal "nothing was taken" "$(events)" "$before"

# ---- and an honest one ----
equal "a plain request is taken" "$(code -H "$ndjson" --data-binary "$line" "$root/ingest/events")" 200
equal "once" "$(jq .taken "$work/body")" 1
equal "with a length that may be continued" "$(raw "${post_head}Content-Length: ${#line}\r\nExpect: 100-continue\r\n${last}%s" "$line")" 200
check "still settled" wait_settled
check "Orthanc stops in good order" stop
check "its log names no patient and no request" test "$(grep -cE "$(jq -r .study_uid <<<"$line")|evil\.example|alert" "$work/a/orthanc.log")" = 0
finish
