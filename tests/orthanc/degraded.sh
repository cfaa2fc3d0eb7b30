#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The ledger goes away under a plugin that has made its report: every surface says since when and why, the release's own bytes stay, and an
# open page learns of it by its strip.
source "$(dirname "$0")/lib.sh"

make_stream --exams 60 --dicom "$work/dicom" --references "$work/references.jsonl"
mkdir -p "$work/a/ledger/away"
configure "$work/a" "$(evensight_section "$work/a/ledger")"
check "Orthanc starts" start "$work/a"
check "objects are stored" send "$work/dicom"
post "$work/references.jsonl" >/dev/null
check "settled" wait_settled
routes='report.json report.csv report.html report?format=text coverage unpaired plots'
keep() { local r; mkdir -p "$1"; for r in $routes app/ metrics strip; do curl -s -D "$1/${r//[\/?]/_}.head" -o "$1/${r//[\/?]/_}" "$root/$r"; done; }
told() { grep -ci '^Evensight-Degraded:' "$1"; }
keep "$work/before"
for r in $routes app/ metrics strip; do equal "nothing is said before: $r" "$(told "$work/before/${r//[\/?]/_}.head")" 0; done
equal "nor on the pages" "$(cat "$work"/before/* | grep -ac 'Degraded since')" 0
check "the page has a strip of its own release" grep -q "<iframe src=\"strip?basis=$(status_of | jq .release.basis)\"" "$work/before/app_"
check "report.html has none: it is the release's" bash -c "! grep -q '<iframe' '$work/before/report.html'"
strip() { curl -s "$root/strip?basis=$1"; }
check "the strip knows the page's release" grep -q 'this is its current report' <(strip "$(status_of | jq .release.basis)")
check "and an older one" grep -q 'A newer report has been made: <a href="app/" target="_top">' <(strip 1)
equal "a basis that is no number" "$(curl -s -o /dev/null -w '%{http_code}' "$root/strip?basis=x")" 400
equal "another parameter" "$(curl -s "$root/strip?KANARIE%5E=1" | jq -r .reason)" "unknown parameter: only basis is known"
check "which it links to, wherever it is" grep -q 'href="./" target="_top"' <(curl -s "$root/app/strip?basis=1")

mv "$work"/a/ledger/ledger.db* "$work/a/ledger/away/"
for _ in $(seq 300); do
  post "$work/references.jsonl" >/dev/null
  status_of | jq -e '.state == "degraded" and (.reason | test("it is gone"))' >/dev/null && break # the first word may be of the file that was open
  sleep 0.1
done
keep "$work/meanwhile"
since=$(status_of | jq -r '.since[:19] + "Z"')
words="Degraded since $since: $(status_of | jq -r .reason)\\. What is shown may stand still"
for r in $routes app/ metrics strip; do
  check "a header says since when and why: $r" grep -q "^Evensight-Degraded: $words" "$work/meanwhile/${r//[\/?]/_}.head"
done
for r in report.json report.csv coverage unpaired plots; do
  check "the same bytes as before: $r" cmp "$work/before/$r" "$work/meanwhile/$r"
done
check "the page says so behind <body>" bash -c "grep -A1 '^<body>' '$work/meanwhile/report.html' | grep -q 'role=\"alert\".*$words'"
check "and is otherwise the same" cmp <(grep -v 'role="alert"' "$work/meanwhile/report.html") "$work/before/report.html"
check "the text says so at its head" bash -c "head -1 '$work/meanwhile/report_format=text' | grep -q '$words'"
check "and is otherwise the same" cmp <(tail -n +3 "$work/meanwhile/report_format=text") "$work/before/report_format=text"
check "the strip says so" grep -q "class=\"warn\" role=\"alert\">$words" "$work/meanwhile/strip"
check "so do the metrics" grep -qx 'evensight_degraded 1' "$work/meanwhile/metrics"
check "and since when" grep -qE "^evensight_degraded_since_seconds\{reason=\".+\"\} $(date -d "$since" +%s)$" "$work/meanwhile/metrics"
check "before they did not" grep -qx 'evensight_degraded 0' "$work/before/metrics"
if command -v promtool >/dev/null; then check "promtool reads them" promtool check metrics <"$work/meanwhile/metrics"; fi

mv "$work"/a/ledger/away/* "$work/a/ledger/"
check "it recovers by itself" wait_settled 90
keep "$work/after"
for r in $routes app/ metrics strip; do equal "nothing is said any more: $r" "$(told "$work/after/${r//[\/?]/_}.head")" 0; done
check "the report is the same" cmp "$work/before/report.json" "$work/after/report.json"
check "Orthanc stops in good order" stop
finish
