#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program as a user meets it: every command, every documented exit status, every kind of bad input.
# EVENSIGHT names the program under test.
. "$(dirname "$0")/lib.sh"

write_config() { # write_config FOLDER [EXTRA-JSON-MEMBERS]
  mkdir -p "$1"
  cat >"$1/evensight.json" <<CONF
{ "Evensight": { "Site": "test", "Ledger": "sqlite:$1/ledger.db", "PseudonymKeyFile": "$1/site.key",
  "Axes": [ {"Name":"sex","Attribute":"PatientSex"}, {"Name":"age","Attribute":"PatientAge","Bands":[0,18,40,60,80]},
            {"Name":"ethnicity","Attribute":"EthnicGroup","Vocabulary":"nhs-ethnic-category","Level":"group"} ],
  "Models": [ {"Name":"m","Eligible":{"Modality":["DX"]},
               "Findings":[{"Name":"f","Task":"binary","Threshold":0.5,"ReferenceWithin":"0d"}]} ],
  "Disclosure": {"Internal":"none"} ${2:-} } }
CONF
}

exam() { # exam N SEX AGE
  printf '{"event":"exam","study_uid":"1.2.3.%d","patient_id":"CANARYPATIENT%d","study_date":"20250101","demographics":{"PatientSex":"%s","PatientAge":"%s"},"acquisition":{"Modality":"DX"}}\n' "$1" "$1" "$2" "$3"
}
result() { # result N SCORE
  printf '{"event":"result","study_uid":"1.2.3.%d","model":{"name":"m","version":"1"},"produced":"2025-01-01T10:00:00Z","status":"ok","findings":[{"finding":"f","score":%s}]}\n' "$1" "$2"
}
reference() { # reference N LABEL
  printf '{"event":"reference","study_uid":"1.2.3.%d","source":"report","status":"final","established":"2025-01-20T10:00:00Z","reader_saw_ai":"no","findings":[{"finding":"f","label":%s}]}\n' "$1" "$2"
}
stream() {
  local i
  for i in 1 2 3 4 5 6; do
    exam "$i" "$( ((i % 2)) && echo F || echo M)" 05${i}Y
    result "$i" "0.$((i + 1))"
    reference "$i" $((i % 3 == 0))
  done
}

help_for_each_command() {
  local c
  run 0 --help
  for c in facts ingest report compare forget rotate trace verify; do
    run 0 "$c" --help
    contains "usage of $c" "usage: evensight $c" "$out"
  done
  run 0 --version
  contains version "evensight " "$out"
}

wrong_usage_is_status_2() {
  run 2
  run 2 nonsense
  contains "the command is named" 'found command "nonsense", expected one of: facts ingest report compare forget rotate trace verify' "$errors"
  run 2 ingest
  run 2 ingest nothing-configured.jsonl
  contains "the missing option" "-c CONF is needed" "$errors"
  run 2 facts
  write_config "$scratch/usage"
  run 2 report -c "$scratch/usage/evensight.json" -f pdf
  contains "formats are listed" 'found "pdf", expected json, html, csv, openmetrics, text or plots' "$errors"
  run 2 report -c "$scratch/usage/evensight.json" --from 2025-02-30
  contains "the date's form" 'found "2025-02-30", expected a date as YYYY-MM-DD' "$errors"
  run 2 report -c "$scratch/usage/evensight.json" --audience everybody
  run 1 ingest -c "$scratch/usage/evensight.json" "$scratch/not-there.jsonl" /dev/null
  contains "the missing file is named" "not-there.jsonl: No such file" "$errors"
  run 2 report -c "$scratch/usage/evensight.json" -o "$scratch/no/such/folder/report.json"
  contains "the output is named" "no/such/folder" "$errors"
}

wrong_configuration_is_status_2_and_names_the_key() {
  write_config "$scratch/wrong" ', "Axis": []'
  run 2 ingest -c "$scratch/wrong/evensight.json" /dev/null
  contains "the key is named" "Axis" "$errors"
  run 2 report -c "$scratch/no-such-file.json"
}

a_stream_is_taken_and_reported() {
  local dir=$scratch/stream
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  same "nothing on standard output" "" "$(cat "$out")"
  contains "the summary" "taken 18, revised 0, duplicates 0, refused 0" "$errors"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  contains "a second time: duplicates" "taken 0, revised 0, duplicates 18, refused 0" "$errors"
  run 0 report -c "$dir/evensight.json" -f json
  same "schema" "evensight-report/1" "$(jq -r .schema "$out")"
  # 6 exams: scores 0.2 .. 0.7, labels 1 at 3 and 6: alerts are scores >= 0.5 (4, 5, 6): tp 1 (6), fp 2, fn 1 (3), tn 2.
  same "sensitivity" 0.5 "$(jq '.models[0].findings[0].groups[0].metrics.sensitivity.value' "$out")"
  same "specificity" 0.5 "$(jq '.models[0].findings[0].groups[0].metrics.specificity.value' "$out")"
  same "unknown ethnicity is a group" 6 "$(jq '.models[0].findings[0].groups[] | select(.group.ethnicity == "unknown") | .cases' "$out")"
  cp "$out" "$dir/first.json"
  run 0 report -c "$dir/evensight.json" -f json
  check "the same ledger gives the same bytes" cmp -s "$dir/first.json" "$out"
  run 0 verify -c "$dir/evensight.json"
  contains "verified" "the chain holds" "$out"
  local format
  for format in html csv openmetrics text; do
    run 0 report -c "$dir/evensight.json" -f $format -o "$dir/report.$format"
    check "$format is not empty" test -s "$dir/report.$format"
  done
  run 0 report -c "$dir/evensight.json" -f plots -o "$dir/plots"
  check "plots are PNG files" sh -c 'head -c 8 "$1"/*.png | grep -q PNG' sh "$dir/plots"
  check "no identifier in any file" sh -c '! grep -rqaE "CANARYPATIENT|1\.2\.3\.[0-9]" --exclude=day.jsonl "$1"' sh "$dir"
}

two_versions() { # two_versions N COUNT SEX SCORE-OF-1 SCORE-OF-2 LABEL
  local i
  for ((i = $1; i < $1 + $2; i++)); do
    exam "$i" "$3" 050Y
    result "$i" "$4"
    result "$i" "$5" | sed 's/"version":"1"/"version":"2"/; s/T10:00/T11:00/'
    reference "$i" "$6"
  done
}

versions_are_compared_on_the_same_cases() {
  local dir=$scratch/compare c format
  write_config "$dir" ', "Plan": {"MinimumCases":5,"MinimumPatients":5}'
  c=$dir/evensight.json
  {
    two_versions 100 10 F 0.9 0.9 1
    two_versions 200 10 F 0.1 0.1 1
    two_versions 300 8 M 0.9 0.9 1
    two_versions 400 12 M 0.9 0.1 1
    two_versions 500 5 M 0.1 0.1 0
    exam 600 F 050Y # of version 1 only
    result 600 0.9
    reference 600 1
  } >"$dir/day.jsonl"
  run 0 ingest -c "$c" "$dir/day.jsonl"
  run 0 compare -c "$c" m@1 m@2
  same "schema" "evensight-compare/1" "$(jq -r .schema "$out")"
  # F 10/20 and 10/20, M 20/20 and 8/20: the gap fell from 0.5 to 0.1 because men lost.
  same "the verdict" levelling_down "$(jq -r '.findings[0].measures[0].groupings[1].verdict' "$out")"
  same "the change of M" -0.6 "$(jq '.findings[0].measures[0].groupings[1].groups[1].change' "$out")"
  same "pairs only" 45 "$(jq '.findings[0].units.compared' "$out")"
  same "the rest beside" 11 "$(jq '.findings[0].measures[0].groupings[1].groups[0].unpaired.before.right' "$out")"
  for format in text html; do
    run 0 compare -c "$c" -f $format -o "$dir/compare.$format" m@1 m@2
    contains "$format" "levelling down" "$dir/compare.$format"
  done
  run 0 compare -c "$c" --from 2025-01-02 m@1 m@2
  same "no pair in that period" 0 "$(jq '.findings[0].units.compared' "$out")"
  run 0 compare -c "$c" --audience external m@1 m@2
  run 2 compare -c "$c" m@1 m@3
  contains "versions there are" 'no result of version "3" is known; versions there are: 1, 2' "$errors"
  run 2 compare -c "$c" other@1 other@2
  contains "models there are" 'no model "other" is configured; there are: m' "$errors"
  run 2 compare -c "$c" m@1 other@2
  contains "two versions of one" 'found models "m" and "other", expected two versions of one' "$errors"
  run 2 compare -c "$c" m@1
  contains "how many" "found 1 models, expected two: MODEL@V1 MODEL@V2" "$errors"
  run 2 compare -c "$c" m@1 m
  contains "the form" 'found "m", expected MODEL@VERSION' "$errors"
  run 2 compare -c "$c" m@1 m@1
  run 2 compare -c "$c" -f csv m@1 m@2
  contains "formats are listed" 'found "csv", expected json, text or html' "$errors"
  run 2 compare -c "$c" --to yesterday m@1 m@2
  run 2 compare -c "$c" --audience everybody m@1 m@2
  run 2 compare m@1 m@2
  contains "the missing option" "-c CONF is needed" "$errors"
  run 2 compare -c "$c" -o "$dir/no/such/folder/out" m@1 m@2
}

bad_lines_are_named_and_the_rest_goes_on() {
  local dir=$scratch/bad
  write_config "$dir"
  {
    exam 1 F 050Y
    echo 'this is no JSON CANARYTEXT'
    echo '{"event":"exam","study_uid":"1.2.3.9","patient_name":"CANARYNAME"}'
    echo '{"event":"result","study_uid":"1.2.3.1","model":{"name":"m"},"status":"ok","findings":[{"finding":"f","score":"high"}]}'
    printf '%0.s[' $(seq 2000)
    echo
    result 1 0.9
    echo '{"event":"reference","study_uid":"1.2.3.1","findings":[{"finding":"f","label":1}]}' # a rule's refusal comes last
    echo 'no JSON'
    reference 77 1 # of an exam that has not come: kept
  } >"$dir/day.jsonl"
  run 1 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  contains "taken and refused" "taken 3, revised 0, duplicates 0, refused 6" "$errors"
  contains "the line is named" "day.jsonl:2:" "$errors"
  contains "the unknown key is named" "patient_name" "$errors"
  same "refusals stand in the order of their lines" "2 3 4 5 7 8" "$(grep -o 'day.jsonl:[0-9]*' "$errors" | cut -d: -f2 | xargs)"
  check "no value in any message" sh -c '! grep -q CANARY "$1"' sh "$errors"
  run 0 report -c "$dir/evensight.json" -f json
  same "the reference waits for its exam" 1 "$(jq .unpaired.references_without_exam "$out")"
  exam 77 M 060Y | "$EVENSIGHT" ingest -c "$dir/evensight.json" - 2>/dev/null
  run 0 report -c "$dir/evensight.json" -f json
  same "and is paired when it comes" 0 "$(jq .unpaired.references_without_exam "$out")"
}

dicom_files_say_what_they_hold() {
  local images=$source_dir/testdata/dicom/images
  run 0 facts "$images/ct-m-043y.dcm"
  same "sex" present/M "$(jq -r '.demographics.PatientSex | .state + "/" + .level' "$out")"
  same "age" 043Y "$(jq -r .demographics.PatientAge.value "$out")"
  same "ethnicity" absent "$(jq -r .demographics.EthnicGroup.state "$out")"
  same "identifiers are not shown" "(present)" "$(jq -r .identity.PatientID "$out")"
  run 0 facts "$images/oph-m-age-24-caucasian.dcm"
  same "an ethnic group outside the vocabulary" unmapped "$(jq -r .demographics.EthnicGroup.state "$out")"
  run 0 facts "$source_dir/testdata/dicom/ai-sr/sr-tid1500-planar-roi.dcm"
  check "an SR has findings" jq -e '.report.findings | length > 0' "$out" >/dev/null
  echo "no DICOM" >"$scratch/text.dcm"
  run 1 facts "$scratch/text.dcm" "$images/ct-m-043y.dcm"
  same "the rest goes on" 1 "$(wc -l <"$out")"
  contains "the file is named" "text.dcm:" "$errors"
}

every_object_gives_facts_or_a_reason() {
  local f status answered=0
  while read -r f; do
    status=0
    "$EVENSIGHT" facts "$f" >"$scratch/one" 2>"$scratch/why" || status=$?
    case $status in
      0) jq -e .kind "$scratch/one" >/dev/null || { echo "    FAILED: $f: no JSON object"; ok=no; } ;;
      1) check "$f: a reason is given" test -s "$scratch/why" ;;
      *) echo "    FAILED: $f: exit status $status"; ok=no ;;
    esac
    answered=$((answered + 1))
  done < <(find "$source_dir/testdata/dicom" -type f \( -name '*.dcm' -o -name 'dicomdir*' \) | sort)
  check "at least 62 objects were tried (found $answered)" test $answered -ge 62
}

folders_of_files_are_walked() {
  local dir=$scratch/folder
  write_config "$dir"
  mkdir -p "$dir/in/deep"
  cp "$source_dir/testdata/dicom/images/dx-dog-f-005y.dcm" "$source_dir/testdata/dicom/images/ct-m-043y.dcm" "$dir/in/deep/"
  echo junk >"$dir/in/note.txt"
  run 1 ingest -c "$dir/evensight.json" "$dir/in"
  contains "two objects, one refusal" "taken 2, revised 0, duplicates 0, refused 1" "$errors"
  run 0 report -c "$dir/evensight.json" -f json
  same "the dog is excluded and counted" 1 "$(jq .excluded.veterinary "$out")"
}

a_ledger_that_cannot_be_written_is_status_3() {
  local dir=$scratch/ledger
  write_config "$dir"
  sed -i "s|sqlite:$dir/ledger.db|sqlite:$dir/no/such/folder/ledger.db|" "$dir/evensight.json"
  stream >"$dir/day.jsonl"
  run 3 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  check "a reason is given" test -s "$errors"
}

a_missing_or_other_key_is_refused() {
  local dir=$scratch/key
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  same "the key's mode" 640 "$(stat -c %a "$dir/site.key")"
  mv "$dir/site.key" "$dir/kept.key"
  run 3 report -c "$dir/evensight.json"
  check "no new key was made" test ! -e "$dir/site.key"
  printf '%064d\n' 7 >"$dir/site.key"
  run 3 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  mv "$dir/kept.key" "$dir/site.key"
  run 0 report -c "$dir/evensight.json"
}

a_tampered_ledger_is_named() {
  local dir=$scratch/tampered
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  # One byte somewhere in the bodies: the score 0.7 as binary64 (0x3FE6666666666666) becomes another number.
  perl -0pi -e 's/\x66\x66\x66\x66\x66\x66\xe6\x3f/\x66\x66\x66\x66\x66\x66\xe5\x3f/' "$dir/ledger.db"
  run 3 verify -c "$dir/evensight.json"
  contains "the entry is named" "entry" "$errors"
}

a_report_makes_no_ledger() {
  local dir=$scratch/typo
  write_config "$dir"
  run 3 report -c "$dir/evensight.json"
  contains "the ledger is named" "found no ledger" "$errors"
  check "nothing was made" sh -c '[ "$(ls "$1")" = evensight.json ]' sh "$dir"
}

one_writer_at_a_time() {
  local dir=$scratch/writers writer
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 0 report -c "$dir/evensight.json" -o "$dir/alone.json"
  mkfifo "$dir/pipe"
  "$EVENSIGHT" ingest -c "$dir/evensight.json" - <"$dir/pipe" 2>/dev/null &
  writer=$!
  exec 9>"$dir/pipe" # the writer waits for lines; its lease is a lock that the kernel lists
  for _ in $(seq 100); do
    grep -q ":$(stat -c %i "$dir/ledger.db.lease") " /proc/locks && break
    sleep 0.05
  done
  run 3 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  contains "the holder is named" "$writer" "$errors"
  run 0 report -c "$dir/evensight.json" -o "$dir/beside.json"
  contains "a report beside a writer says that it is not recorded" "not recorded" "$errors"
  sed 's/"Internal":"none"/"Internal":"none","External":"floor:3"/' "$dir/evensight.json" >"$dir/outside.json"
  run 3 report -c "$dir/outside.json" --audience external
  contains "a first report for outsiders beside a writer is not made" "no report for outsiders was made by then" "$errors"
  contains "and what to do is said" "with \"ReleaseEvery\" in \"Disclosure\" the plugin makes the first one by itself" "$errors"
  check "and is the same report" cmp -s "$dir/alone.json" "$dir/beside.json"
  exec 9>&-
  wait "$writer"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
}

a_report_is_made_again_as_of_any_entry() {
  local dir=$scratch/as-of before
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 0 report -c "$dir/evensight.json" -o "$dir/then.json"
  before=$(jq '.ledger.heads[0].seq' "$dir/then.json")
  exam 7 F 050Y >"$dir/more.jsonl"
  result 7 0.9 >>"$dir/more.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/more.jsonl"
  sed -i 's/"Threshold":0.5/"Threshold":0.3/' "$dir/evensight.json" # and the configuration is another one by now
  run 0 report -c "$dir/evensight.json" -o "$dir/now.json"
  check "the report of now is another" sh -c '! cmp -s "$1/then.json" "$1/now.json"' sh "$dir"
  run 0 report -c "$dir/evensight.json" --as-of "$before" -o "$dir/again.json"
  check "as of then it is the same, byte for byte" cmp "$dir/then.json" "$dir/again.json"
  run 2 report -c "$dir/evensight.json" --as-of 100000
  contains "no such entry" "as of entry 100000: not in the ledger, whose last is" "$errors"
  run 2 report -c "$dir/evensight.json" --as-of 0
  run 2 report -c "$dir/evensight.json" --as-of yesterday
  contains "the number's form" '--as-of: found "yesterday", expected the number of an entry' "$errors"
}

a_person_is_erased_and_stays_away() {
  local dir=$scratch/forget before
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 0 report -c "$dir/evensight.json" -o "$dir/then.json"
  before=$(jq '.ledger.heads[0].seq' "$dir/then.json")
  run 0 forget --dry-run -c "$dir/evensight.json" <<<'{"patient_id":"canarypatient3"}'
  contains "what would go" "3 entries of 1 exam messages would be erased" "$out"
  run 0 forget -c "$dir/evensight.json" <<<'{"patient_id":"canarypatient3"}'
  contains "what went" "3 entries of 1 exam messages erased;" "$out"
  run 0 forget -c "$dir/evensight.json" <<<'{"study_uid":"1.2.3.5"}'
  contains "by study" "3 entries of 1 exam messages erased;" "$out"
  run 0 forget -c "$dir/evensight.json" <<<'{"patient_id":"canarypatient3"}'
  contains "nothing is left" "0 entries of 0 exam messages erased;" "$out"
  run 0 verify -c "$dir/evensight.json"
  run 0 report -c "$dir/evensight.json" -o "$dir/now.json"
  same "four of six exams" 4 "$(jq '.models[0].findings[0].groups[0].cases' "$dir/now.json")"
  run 1 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  contains "a resend is refused" "taken 0, revised 0, duplicates 12, refused 6" "$errors"
  contains "and says why" "of a person who was erased from this ledger on request" "$errors"
  exam 33 F 051Y | sed s/CANARYPATIENT33/CANARYPATIENT3/ >"$dir/new.jsonl"
  run 1 ingest -c "$dir/evensight.json" "$dir/new.jsonl"
  run 2 report -c "$dir/evensight.json" --as-of "$before"
  contains "a report before an erasure is refused by name" "entries before it were erased on request at entry" "$errors"
  run 2 forget -c "$dir/evensight.json" <<<'{"name":"x"}'
  contains "expected keys" "expected patient_id, patient_issuer, study_uid or accession" "$errors"
  run 2 forget -c "$dir/evensight.json" <<<'nonsense'
  run 2 forget -c "$dir/evensight.json" CANARYPATIENT3
  contains "not on the command line" "the identifier is read from standard input" "$errors"
  check "no identifier is named" sh -c '! grep -qi canary "$1"' sh "$errors"
}

one_exam_is_traced() {
  local dir=$scratch/trace id
  write_config "$dir"
  {
    stream
    result 1 0.3 | sed 's/"version":"1"/"version":"2"/'
    reference 2 1 | sed 's/"final"/"corrected"/'
    printf '{"event":"result","study_uid":"1.2.3.99","accession":"CANARYACC7","model":{"name":"m","version":"1"},"produced":"2025-01-01T10:00:00Z","findings":[{"finding":"f","score":0.4}]}\n'
    result 3 0.5 | sed 's/"name":"m"/"name":"CANARYMODEL"/'
    reference 4 0 | sed 's/"study_uid":"[^"]*"/"study_uid":"1.2.3.4","event_id":"E4"/; s/report/pathology/'
    printf '{"event":"retract","retract_event_id":"E4","reason":"sent_in_error"}\n'
  } >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 0 trace -c "$dir/evensight.json" <<<'{"study_uid":"1.2.3.1"}'
  same "one bundle" 1 "$(jq '.bundles|length' "$out")"
  same "the exam asked for" true "$(jq '.bundles[0].exams[0].sought' "$out")"
  same "exam, two results, a reference" "exam reference result result" "$(jq -r '[.bundles[0].events[].event]|sort|join(" ")' "$out")"
  same "paired by study" "study study study" "$(jq -r '[.bundles[0].events[]|select(.pairing).pairing.rule]|join(" ")' "$out")"
  same "rules tried" '{"instance":"not_named","series":"not_named","study":"one_exam","accession":"not_reached"}' \
    "$(jq -c '[.bundles[0].events[]|select(.pairing)][0].pairing.tried' "$out")"
  same "a row a version" "1 2" "$(jq -r '[.bundles[0].cases[].version]|join(" ")' "$out")"
  same "and where it stands" "referenced referenced" "$(jq -r '[.bundles[0].cases[].stage]|join(" ")' "$out")"
  run 0 trace -c "$dir/evensight.json" <<<'{"patient_id":"canarypatient2"}'
  same "what was corrected is superseded" "superseded stands" "$(jq -r '[.bundles[0].events[]|select(.event=="reference").standing]|join(" ")' "$out")"
  same "the correction stands" 1 "$(jq '.bundles[0].cases[0].label' "$out")"
  run 0 trace -c "$dir/evensight.json" <<<'{"accession":"canaryacc7"}'
  same "an orphan has no exam" 0 "$(jq '.bundles[0].exams|length' "$out")"
  same "and tells why" study_not_seen "$(jq -r '.bundles[0].events[0].pairing.why' "$out")"
  same "what was tried" "no_exam_has_it no_exam_has_it" "$(jq -r '.bundles[0].events[0].pairing.tried|[.study,.accession]|join(" ")' "$out")"
  run 0 trace -c "$dir/evensight.json" <<<'{"study_uid":"1.2.3.3"}'
  same "a model that is not configured" unknown_model "$(jq -r '.bundles[0].events[]|select(.pairing.why).pairing.why' "$out")"
  run 0 trace -c "$dir/evensight.json" -o "$dir/trace.json" <<<'{"study_uid":"1.2.3.4"}'
  same "a retracted label" "retracted retracts" "$(jq -r '[.bundles[0].events[].standing]|map(select(startswith("retract")))|join(" ")' "$dir/trace.json")"
  id=$(jq -r '.bundles[0].events[]|select(.event=="result").identity' "$dir/trace.json")
  printf '{"event":"retract","identity":"%s","reason":"wrong_patient"}\n' "$id" >"$dir/retract.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/retract.jsonl"
  run 0 trace -c "$dir/evensight.json" <<<'{"study_uid":"1.2.3.4"}'
  same "an identity may be retracted" missing "$(jq -r '.bundles[0].cases[0].stage' "$out")"
  run 0 report -c "$dir/evensight.json" -o "$dir/report.json"
  same "the report counts why" 1 "$(jq .unpaired_why.results_without_exam.study_not_seen "$dir/report.json")"
  run 1 trace -c "$dir/evensight.json" <<<'{"study_uid":"1.2.3.1000"}'
  contains "nothing is known" "no entry of the ledger names it" "$errors"
  same "and the answer is empty" 0 "$(jq '.bundles|length' "$out")"
  run 2 trace -c "$dir/evensight.json" CANARYPATIENT3
  contains "not on the command line" "the identifier is read from standard input" "$errors"
  run 2 trace -c "$dir/evensight.json" <<<'{"patient_id":"CANARY","x":1}'
  run 2 trace <<<'{"patient_id":"CANARY"}'
  for id in 1.2.3.1 1.2.3.3 1.2.3.4 1.2.3.99; do
    "$EVENSIGHT" trace -c "$dir/evensight.json" <<<"{\"study_uid\":\"$id\"}" >>"$dir/all.json"
  done
  check "no identifier is shown" sh -c '! grep -qiE "canary|1\.2\.3\." "$1"' sh "$dir/all.json"
}

balanced() { # balanced FROM TO DAY: of both sexes, answers and results alike
  local i
  for i in $(seq "$1" "$2"); do
    exam "$i" "$( ((i % 2)) && echo F || echo M)" 050Y
    result "$i" "$( ((i / 2 % 2)) && echo 0.9 || echo 0.1)"
    reference "$i" $((i / 4 % 2)) | sed "s/2025-01-20/$3/"
  done
}

reports_for_outsiders_stand_until_the_next() {
  local dir=$scratch/outside format seq
  write_config "$dir"
  sed -i 's/"Internal":"none"/"Internal":"none","External":"floor:3","ReleaseEvery":"10d"/' "$dir/evensight.json"
  balanced 1 24 2025-01-20 >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 2 report -c "$dir/evensight.json" --audience external --to 2025-01-01
  contains "the whole period" "--to: found a day, expected none with --audience external" "$errors"
  run 3 report -c "$dir/evensight.json" --audience external --as-of 72
  contains "none was made by then" "no report for outsiders was made by then" "$errors"
  run 0 report -c "$dir/evensight.json" --audience external -o "$dir/first.json"
  same "all of them" 24 "$(jq '.models[0].findings[0].groups[0].cases' "$dir/first.json")"
  same "it says until when" 2025-01-31 "$(jq -r .disclosure.next_from "$dir/first.json")"
  for format in json openmetrics csv html text; do run 0 report -c "$dir/evensight.json" --audience external -f $format -o "$dir/first.$format"; done
  balanced 25 25 2025-01-20 >"$dir/more.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/more.jsonl"
  run 0 report -c "$dir/evensight.json" -o "$dir/staff.json"
  seq=$(jq '.ledger.heads[0].seq' "$dir/staff.json")
  for format in json openmetrics csv html text; do
    run 0 report -c "$dir/evensight.json" --audience external -f $format -o "$dir/again.$format"
    check "$format stands as it is" cmp "$dir/first.$format" "$dir/again.$format"
  done
  balanced 26 26 2025-03-01 >"$dir/late.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/late.jsonl"
  run 0 report -c "$dir/evensight.json" --audience external -o "$dir/second.json"
  same "two more are too few" suppressed "$(jq -r '.models[0].findings[0].groups[0].cases' "$dir/second.json")"
  same "after one" 1 "$(jq .disclosure.earlier_releases "$dir/second.json")"
  run 0 report -c "$dir/evensight.json" -o "$dir/staff.json"
  same "staff see them" 26 "$(jq '.models[0].findings[0].groups[0].cases' "$dir/staff.json")"
  run 0 report -c "$dir/evensight.json" --audience external --as-of "$seq" -o "$dir/then.json"
  check "as of then outsiders saw the first" cmp "$dir/first.json" "$dir/then.json"
  run 0 forget -c "$dir/evensight.json" <<<'{"patient_id":"canarypatient3"}'
  run 0 report -c "$dir/evensight.json" --audience external -o "$dir/again.json"
  check "an erasure changes nothing that was shown" cmp "$dir/second.json" "$dir/again.json"
  balanced 27 74 2025-04-01 >"$dir/many.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/many.jsonl"
  run 0 report -c "$dir/evensight.json" --audience external -o "$dir/third.json"
  same "enough came" 73 "$(jq '.models[0].findings[0].groups[0].cases' "$dir/third.json")"
  run 0 verify -c "$dir/evensight.json"
}

a_key_is_rotated_and_nothing_counts_twice() {
  local dir=$scratch/rotate
  write_config "$dir"
  stream >"$dir/day.jsonl"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  run 0 report -c "$dir/evensight.json" -o "$dir/before.json"
  run 2 rotate
  run 2 rotate -c "$dir/evensight.json" more
  run 0 rotate -c "$dir/evensight.json"
  same "two keys, for their owner only" "2 640" "$(wc -l <"$dir/site.key") $(stat -c %a "$dir/site.key")"
  run 0 ingest -c "$dir/evensight.json" "$dir/day.jsonl"
  contains "what was sent before is known" "taken 0, revised 0, duplicates 18, refused 0" "$errors"
  run 0 report -c "$dir/evensight.json" -o "$dir/after.json"
  same "the same figures" "$(jq -S .models "$dir/before.json" | sha256sum)" "$(jq -S .models "$dir/after.json" | sha256sum)"
  run 0 verify -c "$dir/evensight.json"
}

echo "evensight (command line)"
test_case help_for_each_command
test_case wrong_usage_is_status_2
test_case wrong_configuration_is_status_2_and_names_the_key
test_case a_stream_is_taken_and_reported
test_case a_report_is_made_again_as_of_any_entry
test_case a_person_is_erased_and_stays_away
test_case reports_for_outsiders_stand_until_the_next
test_case a_key_is_rotated_and_nothing_counts_twice
test_case one_exam_is_traced
test_case versions_are_compared_on_the_same_cases
test_case bad_lines_are_named_and_the_rest_goes_on
test_case dicom_files_say_what_they_hold
test_case every_object_gives_facts_or_a_reason
test_case folders_of_files_are_walked
test_case a_ledger_that_cannot_be_written_is_status_3
test_case a_missing_or_other_key_is_refused
test_case a_tampered_ledger_is_named
test_case a_report_makes_no_ledger
test_case one_writer_at_a_time
finish
