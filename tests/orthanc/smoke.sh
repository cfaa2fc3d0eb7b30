#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The main job: images and AI results by C-STORE, labels by POST, the report by every route.
source "$(dirname "$0")/lib.sh"

equal "the plugin exports its four functions only" "$(nm -D --defined-only "$plugin" | awk '{print $NF}' | sort | tr '\n' ' ')" \
  "OrthancPluginFinalize OrthancPluginGetName OrthancPluginGetVersion OrthancPluginInitialize "
check "DCMTK is the one that Orthanc has loaded" bash -c "ldd '$plugin' | grep -q libdcmdata.so.17"
make_stream --exams 150 --dicom "$work/dicom" --references "$work/references.jsonl"
exams=$(wc -l <"$work/references.jsonl")
configure "$work/a" "$(evensight_section "$work/a")"
check "Orthanc starts with the plugin" start "$work/a"
check "objects are stored" send "$work/dicom"
equal "all of them" "$(stored)" $((2 * exams))
post "$work/references.jsonl" >"$work/answer.json"
equal "every label is taken" "$(jq -c '[.taken, .duplicate, .refused]' "$work/answer.json")" "[$exams,0,0]"
check "everything is counted" wait_settled
curl -sf "$root/report" >"$work/report.json"
equal "the report's schema" "$(jq -r .schema "$work/report.json")" evensight-report/1
equal "cases of the first finding" "$(jq '.models[0].findings[0].groups[0].funnel.seen' "$work/report.json")" "$exams"
equal "the name is the configuration's" "$(jq -r '.models[0].name' "$work/report.json")" chexnet
equal "seven findings" "$(jq '[.models[].findings[].finding] | unique | length' "$work/report.json")" 7
post "$work/references.jsonl" >"$work/answer.json"
equal "sent again, they are duplicates" "$(jq -c '[.taken, .duplicate]' "$work/answer.json")" "[0,$exams]"
head=$(status_of | jq .ledger.seq)
check "the objects again" send "$work/dicom"
check "settled again" wait_settled
equal "add nothing" "$(status_of | jq .ledger.seq)" "$head"

type_of() { curl -s -o "$work/body" -w '%{http_code} %{content_type}' "$root/$1"; }
equal "report.json" "$(type_of report.json)" "200 application/json"
equal "report?format=html" "$(type_of 'report?format=html')" "200 text/html; charset=utf-8"
check "the page is HTML" grep -q '<html' "$work/body"
equal "app/" "$(type_of app/)" "200 text/html; charset=utf-8"
equal "report.csv" "$(type_of report.csv)" "200 text/csv; charset=utf-8"
equal "report?format=text" "$(type_of 'report?format=text')" "200 text/plain; charset=utf-8"
check "names the model" grep -q chexnet "$work/body"
equal "coverage" "$(type_of coverage)" "200 application/json"
equal "unpaired" "$(type_of unpaired)" "200 application/json"
equal "metrics" "$(type_of metrics)" "200 application/openmetrics-text; version=1.0.0; charset=utf-8"
equal "metrics end as they must" "$(tail -1 "$work/body")" "# EOF"
equal "and only there" "$(grep -c '# EOF' "$work/body")" 1
plot=$(curl -sf "$root/plots" | jq -r '.[0]')
equal "a plot" "$(type_of "plots/$plot")" "200 image/png"
check "is a PNG" grep -q PNG "$work/body"
equal "a plot that is not there" "$(type_of plots/none.png)" "404 application/json"
equal "a format that is not there" "$(type_of 'report?format=xml')" "400 application/json"
equal "another audience" "$(type_of 'report?audience=external')" "400 application/json"
equal "the parameter is named, its value is not" "$(jq -r .reason "$work/body")" "unknown parameter audience: only format is known"
equal "a parameter that is not known" "$(type_of 'report?format=csv&unknown=1')" "400 application/json"
equal "none is known elsewhere" "$(type_of 'report.html?audience=external')" "400 application/json"
equal "a parameter that is no word" "$(type_of 'report?%22%3Cb%3E=1')" "400 application/json"
equal "is not repeated" "$(jq -r .reason "$work/body")" "unknown parameter: only format is known"
equal "a route that is not there" "$(type_of nothing)" "404 application/json"
equal "the plugin tells its page" "$(curl -s "$url/plugins/evensight" | jq -r .RootUri)" "../evensight/app/"
check "Orthanc Explorer has the button" grep -q evensight-button <(curl -s "$url/plugins/explorer.js")
check "it stops in good order" stop
equal "no patient in the log" "$(grep -cE 'NIH0|2\.25\.1744' "$work/a/orthanc.log" | tr -d ' ')" 0
finish
