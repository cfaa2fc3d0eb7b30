#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Files that are not DICOM, by the example rule sets and by rules of a test's own: what is taken, what is refused and how it is named,
# and that the order of arrival makes no difference. EVENSIGHT names the program under test.
. "$(dirname "$0")/lib.sh"
rules=$source_dir/plugin/program/rules

# site FOLDER RULES [MEMBERS]: the example's configuration with its ledger and key in a folder of the test
site() {
  mkdir -p "$1"
  sed 's|^ *//.*||' "$rules/$2.json" | jq --arg dir "$1" --argjson more "${3:-{\}}" \
    '.Evensight += {Ledger: ("sqlite:" + $dir + "/ledger.db"), PseudonymKeyFile: ($dir + "/site.key"), Disclosure: {Internal: "none"}} + $more' >"$1/conf.json"
}
exam() { # exam UID ACCESSION PATIENT [MEMBERS]
  printf '{"event":"exam","study_uid":"%s","accession":"%s","patient_id":"%s","study_date":"20260301"%s}\n' "$1" "$2" "$3" "${4:-}"
}
report() { # report FOLDER: its report.json
  run 0 report -c "$1/conf.json" -f json -o "$1/report.json"
}

mercure_and_its_failures() {
  local d=$scratch/mercure
  site "$d" mercure
  mkdir -p "$d/in/1" "$d/in/2" "$d/in/3"
  exam 1.2.1 A1 P1 >"$d/in/exams.jsonl"; exam 1.2.2 A2 P2 >>"$d/in/exams.jsonl"
  echo '{"version":"1.1","finished":"2026-03-01T10:00:00Z","scores":{"effusion":0.8},"findings":[{"label":"pneumothorax","probability":0.1}]}' >"$d/in/1/result.json"
  echo '{"id":"x","info":{"uid":"1.2.1","uid_type":"study","mrn":"P1","acc":"A1"},"study":{"study_uid":"1.2.1"}}' >"$d/in/1/task.json"
  echo '{"exception":"ValueError"}' >"$d/in/2/result.json"
  echo '{"id":"y","info":{"uid":"1.2.2.1","uid_type":"series","mrn":"P2","acc":"A2"},"study":{}}' >"$d/in/2/task.json"
  echo '{"scores":{"effusion":0.8}}' >"$d/in/3/result.json" # whose it is nobody says
  run 1 ingest -c "$d/conf.json" "$d/in"
  contains "the one without a task" "3/result.json: study_uid: found neither it nor accession, expected one of them" "$errors"
  contains "the others are taken" "taken 4, revised 0, duplicates 0, refused 1" "$errors"
  report "$d"
  same "one result, one failure" "1 1" "$(jq -r '.models[0].findings[0].groups[0].funnel | "\(.resulted) \(.failed)"' "$d/report.json")"
}

monai_and_its_failures() {
  local d=$scratch/monai n
  site "$d" monai-deploy
  for n in 1 2; do
    mkdir -p "$d/in/p$n/dcm/1.2.$n/1.2.$n.1" "$d/in/p$n/workflows/w/e"
    echo "{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2.$n\"]},\"00080050\":{\"vr\":\"SH\",\"Value\":[\"A$n\"]}}" >"$d/in/p$n/dcm/1.2.$n/1.2.$n.1/1.dcm.json"
    exam "1.2.$n" "A$n" "P$n" >>"$d/in/exams.jsonl"
  done
  echo '{"effusion":0.8,"model_version":"2"}' >"$d/in/p1/workflows/w/e/metadata.json"
  echo '{"exception":"RuntimeError","exception_message":"CANARYNAME"}' >"$d/in/p2/workflows/w/e/metadata.json"
  run 0 ingest -c "$d/conf.json" "$d/in"
  contains "all are taken" "taken 4, revised 0, duplicates 0, refused 0" "$errors"
  report "$d"
  same "one result, one failure" "1 1" "$(jq -r '.models[0].findings[0].groups[0].funnel | "\(.resulted) \(.failed)"' "$d/report.json")"
}

# Eight exams; the AI's ORU and FHIR, reports as HL7 and FHIR, a correction: 4 effusions, 3 found; 4 without, 1 alert.
traffic() {
  local d=$1 i score
  mkdir -p "$d"
  for i in 1 2 3 4 5 6 7 8; do exam "1.2.$i" "A$i" "P$i"; done >"$d/exams.jsonl"
  for i in 1 2 3 4; do
    score=$([ "$i" = 4 ] && echo 20 || echo 90)
    printf 'MSH|^~\\&|AI||||20260301100000||ORU^R01|%s|P|2.5.1\rOBR|1|||||||||||||||||A%s|||||||F\rOBX|1|NM|EFFUSION^^99AI||%s|%%|||||F||||||1.0\r' "$i" "$i" "$score"
  done >"$d/ai1.hl7"
  for i in 5 6 7 8; do
    score=$([ "$i" = 5 ] && echo 0.9 || echo 0.1)
    jq -n --arg i "$i" --argjson s "$score" '{resource:{resourceType:"Observation",id:("o"+$i),status:"final",issued:"2026-03-01T10:00:00Z",
      code:{coding:[{system:"http://snomed.info/sct",code:"60046008"}]},valueQuantity:{value:$s},contained:[{resourceType:"Device",id:"d",deviceName:[{name:"ACME Chest"}],version:[{value:"1.0"}]}],device:{reference:"#d"},
      partOf:[{identifier:{system:"urn:dicom:uid",value:("urn:oid:1.2."+$i)}}]}}'
  done | jq -s '{resourceType:"Bundle",type:"collection",entry:.}' >"$d/ai.fhir.json"
  printf 'MSH|^~\\&|RIS||||20260310||ORU^R01|1|P|2.5.1\r' >"$d/ris1.hl7"
  for i in 1 2 3; do printf 'OBR|1|||||||||||||||||A%s||||20260310|||F\rOBX|1|FT|GDT||Moderate effusion. No pneumothorax.||||||F\r' "$i"; done >>"$d/ris1.hl7"
  printf 'OBR|1|||||||||||||||||A4||||20260310|||P\rOBX|1|FT|GDT||No effusion.||||||P\r' >>"$d/ris1.hl7"
  printf 'MSH|^~\\&|RIS||||20260311||ORU^R01|2|P|2.5.1\rOBR|1|||||||||||||||||A4||||20260311|||C\rOBX|1|FT|GDT||Effusion on the left.||||||C\r' >"$d/ris2.hl7"
  for i in 5 6 7 8; do
    jq -n --arg i "$i" '{resource:{resourceType:"DiagnosticReport",id:("r"+$i),status:"final",issued:"2026-03-10T10:00:00Z",conclusion:"No effusion.",
      imagingStudy:[{identifier:{system:"urn:dicom:uid",value:("urn:oid:1.2."+$i)}}]}}'
  done | jq -s '{resourceType:"Bundle",type:"collection",entry:.}' >"$d/reports.fhir.json"
}

any_order_of_any_format_gives_the_same_report() {
  local d=$scratch/mixed t=$scratch/traffic more n
  more=$(jq -s '{Intake: (.[0].Evensight.Intake + .[1].Evensight.Intake)}' <(sed 's|^ *//.*||' "$rules/hl7-oru.json") <(sed 's|^ *//.*||' "$rules/fhir.json"))
  more=$(echo "$more" | jq '. + {Models:[{Name:"chest-ai",Findings:[{Name:"effusion",Threshold:0.5,ReferenceWithin:"0d"},{Name:"pneumothorax",Threshold:0.5,ReferenceWithin:"0d"}]}]}')
  traffic "$t"
  site "$d/a" hl7-oru "$more"
  run 0 ingest -c "$d/a/conf.json" "$t/exams.jsonl" "$t/ai1.hl7" "$t/ai.fhir.json" "$t/ris1.hl7" "$t/ris2.hl7" "$t/reports.fhir.json"
  contains "all are taken" "refused 0" "$errors"
  report "$d/a"
  same "counts" "8 0.75 0.75" "$(jq -r '.models[].findings[] | select(.finding == "effusion") | .groups[0] | "\(.cases) \(.metrics.sensitivity.value) \(.metrics.specificity.value)"' "$d/a/report.json")"
  site "$d/b" hl7-oru "$more"
  run 0 ingest -c "$d/b/conf.json" "$t/reports.fhir.json" "$t/ris2.hl7" "$t/ris1.hl7" "$t/ai.fhir.json" "$t/reports.fhir.json" "$t/ai1.hl7" "$t/exams.jsonl" "$t/ris1.hl7"
  report "$d/b"
  same "the same figures" "$(jq -S '.models' "$d/a/report.json" | sha256sum)" "$(jq -S '.models' "$d/b/report.json" | sha256sum)"
  # every order of the six files, one after the other: 720 orders would be many, so every rotation and its reverse
  local files=("$t/exams.jsonl" "$t/ai1.hl7" "$t/ai.fhir.json" "$t/ris1.hl7" "$t/ris2.hl7" "$t/reports.fhir.json") order i k
  for i in 0 1 2 3 4 5; do
    for k in 1 -1; do
      order=()
      for n in 0 1 2 3 4 5; do order+=("${files[$(((i + k * n + 12) % 6))]}"); done
      site "$d/o$i$k" hl7-oru "$more"
      run 0 ingest -c "$d/o$i$k/conf.json" "${order[@]}"
      report "$d/o$i$k"
      same "rotation $i, direction $k" "$(jq -S '.models' "$d/a/report.json" | sha256sum)" "$(jq -S '.models' "$d/o$i$k/report.json" | sha256sum)"
    done
  done
  # an observation that was entered in error takes its result back
  jq '.entry |= [.[] | select(.resource.id == "o5") | .resource.status = "entered-in-error"]' "$t/ai.fhir.json" >"$t/error.fhir.json"
  run 0 ingest -c "$d/a/conf.json" "$t/error.fhir.json"
  report "$d/a"
  same "one result fewer" "7 1" "$(jq -r '.models[].findings[] | select(.finding == "effusion") | .groups[0] | "\(.cases) \(.metrics.specificity.value)"' "$d/a/report.json")"
}

csv_of_scores_outcomes_linkage_and_aliases() {
  local d=$scratch/csv
  site "$d" csv '{"Models":[{"Name":"mammo-ai","Findings":[{"Name":"cancer","Unit":"side","Threshold":0.3,"ReferenceWithin":"0d"},{"Name":"lesion","Unit":"side","Threshold":0.5}]}]}'
  { exam 1.2.1 A1 P1 ',"acquisition":{"ImageLaterality":"L"},"series_uid":"1.2.1.1"'; exam 1.2.1 A1 P1 ',"acquisition":{"ImageLaterality":"R"},"series_uid":"1.2.1.2"'; } >"$d/exams.jsonl"
  printf 'Accession;Version;Time;Breast;State;Cancer %%;Mark\r\nA1;1;01.03.2026 10:00;left;done;62,5;yes\r\nA1;1;01.03.2026 10:00;right;done;NA;no\r\nA9;1;01.03.2026 10:00;middle;done;1;no\r\n' >"$d/scores.csv"
  printf 'accession,date,reader,status,side,malignant\nA1,2026-04-01,Dr A,P,L,N\nA1,2026-04-02,Dr A,F,L,Y\nA1,2026-04-02,Dr A,F,R,N\n' >"$d/outcomes.csv"
  printf 'mrn,from,decile\nP1,2025-01-01,3\n' >"$d/linkage.csv"
  printf 'new,old\n1.2.9,1.2.1\n' >"$d/aliases.csv"
  run 1 ingest -c "$d/conf.json" "$d/exams.jsonl" "$d/scores.csv" "$d/outcomes.csv" "$d/linkage.csv" "$d/aliases.csv"
  contains "the line and the key, not the value" "scores.csv:4: unit.id: found a value that Values does not list" "$errors"
  contains "all else is taken" "refused 1" "$errors"
  report "$d"
  same "two sides" 2 "$(jq -r '.models[0].findings[0].groups[0].funnel.seen' "$d/report.json")"
  same "sensitivity of the left" 1 "$(jq -r '.models[0].findings[0].groups[0].metrics.sensitivity.value' "$d/report.json")"
}

files_that_no_rule_reads_are_named() {
  local d=$scratch/unread
  site "$d" csv
  printf 'a,b\n1,2\n' >"$d/other.csv"
  printf '  {"a":1}' >"$d/noext"
  printf 'MSH|^~\\&|\r' >"$d/message"
  printf 'DICOM it is not' >"$d/thing.dcm"
  run 1 ingest -c "$d/conf.json" "$d/other.csv" "$d/noext" "$d/message" "$d/thing.dcm"
  contains "a table" "other.csv: found no rule of Intake that reads it; rules: scores (csv: scores*.csv), outcomes (csv: outcomes*.csv)" "$errors"
  contains "a document" "noext: found no rule of Intake that reads it" "$errors"
  contains "a message" "message: found no rule of Intake that reads it" "$errors"
  contains "another file is tried as DICOM" "thing.dcm: " "$errors"
  contains "counted" "refused 4" "$errors"
  ln -s /proc/self/mem "$d/broken.jsonl"
  run 1 ingest -c "$d/conf.json" "$d/broken.jsonl"
  contains "lines that cannot be read" "broken.jsonl: could not be read to its end" "$errors"
}

echo "intake"
test_case mercure_and_its_failures
test_case monai_and_its_failures
test_case any_order_of_any_format_gives_the_same_report
test_case csv_of_scores_outcomes_linkage_and_aliases
test_case files_that_no_rule_reads_are_named
finish
