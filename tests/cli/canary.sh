#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Unmistakable strings in every text of every kind of event, and in DICOM objects: none may come out anywhere, whether the message was
# taken or refused. EVENSIGHT names the program under test.
. "$(dirname "$0")/lib.sh"
. "$source_dir/tests/canaries.sh"
dir=$scratch/site
# Without a server of its own (postgresql/run.sh) in SQLite. stores: whatever holds the ledger.
if [ -n "${ES_CANARY_SHARED:-}" ] && [ -z "${ES_POSTGRESQL_URL:-}" ]; then echo "no PostgreSQL here" && exit 77; fi
ledger=${ES_POSTGRESQL_URL:-sqlite:$dir/ledger.db}
stores=("$dir")
mkdir -p "$dir" "$scratch/in" "$scratch/seen"
cat >"$dir/evensight.json" <<CONF
{ "Evensight": { "Site": "test", "Ledger": "$ledger", "LedgerSpool": "$dir/spool.db", "PseudonymKeyFile": "$dir/site.key",
  "Axes": [ {"Name":"sex","Attribute":"PatientSex"}, {"Name":"age","Attribute":"PatientAge"},
            {"Name":"ethnicity","Attribute":"EthnicGroup","Vocabulary":"nhs-ethnic-category"}, {"Name":"station","Attribute":"StationName"},
            {"Name":"institution","Attribute":"InstitutionName"}, {"Name":"view","Attribute":"ViewPosition"},
            {"Name":"imd","Linked":"imd_decile"}, {"Name":"visits","Linked":"visits","Bands":[0,5]} ],
  "Models": [ {"Name":"m","Recognise":{"SeriesDescription":"."},"Eligible":{"Modality":["DX","MR","CT","PT"]},"ExpectWithin":"1h",
               "Findings":[{"Name":"f","Task":"binary","Threshold":0.5,"ReferenceWithin":"0d","AbsenceMeans":"negative"}]} ],
  "Intake": [
    {"Name":"table","Kind":"csv","Files":["*.csv"],"Event":"result","Model":"m","Text":"report","Map":{"study_uid":"study","accession":"accession","accession_issuer":"site",
      "patient_id":"patient","patient_issuer":"site","produced":{"Column":"time","Date":"DD.MM.YYYY"},"status":{"Column":"state","Values":{"ok":"ok","bad":"failed"}},
      "reason":"why","event_id":"id","model":{"version":"version","manufacturer":"maker"},"demographics":{"EthnicGroup":"group"},
      "findings":[{"finding":{"Constant":"f"},"score":"score"}]}},
    {"Name":"labels","Kind":"csv","Files":["*.csv"],"Event":"reference","Source":"report","Text":"report","Map":{"study_uid":"study","accession":"accession",
      "labeller":"reader","labeller_version":"version"},"Findings":[{"Finding":"f","Positive":["canary finding"]}]},
    {"Name":"linked","Kind":"csv","Files":["*.csv"],"Event":"demographics","Source":"linkage","Map":{"patient_id":"patient","attributes":{"imd_decile":"group","visits":"why"}}},
    {"Name":"ris","Kind":"hl7","Files":["*.hl7"],"Event":"reference","Source":"ris","Findings":[{"Finding":"f","Codes":["F"],"Present":["yes"],"Positive":["canary finding"]}]},
    {"Name":"fhir","Kind":"fhir","Files":["*.fhir.json"],"Source":"fhir","Model":"m","Findings":[{"Finding":"f","Codes":["F"],"Present":["yes"],"Positive":["canary finding"]}]},
    {"Name":"mercure","Kind":"mercure","Files":["result.json"],"Model":"m"},
    {"Name":"txt","Kind":"text","Files":["*.txt"],"Event":"reference","Source":"txt","Map":{"accession":{"Constant":"A1"}},"Findings":[{"Finding":"f","Positive":["canary finding"]}]} ],
  "Disclosure": {"Internal":"none"} } }
CONF

everything_is_planted() {
  local n
  canary_messages "$scratch"
  n=$(wc -l <"$scratch/planted.jsonl")
  check "at least 100 messages are planted (found $n)" test "$n" -ge 100
  { cat "$scratch/bases.jsonl" "$scratch/planted.jsonl"; echo 'no JSON KANARIE'; echo '{"event":"KANARIE"}'; } >"$scratch/in/day.jsonl"
  run 1 ingest -c "$dir/evensight.json" "$scratch/in/day.jsonl"
  cp "$errors" "$scratch/seen/ingest.txt"
  check "many are taken" sh -c 'test "$(sed -n "s/.*taken \([0-9]*\),.*/\1/p" "$1")" -ge 30' sh "$errors"
  check "many are refused" sh -c 'test "$(sed -n "s/.*refused \([0-9]*\).*/\1/p" "$1")" -ge 30' sh "$errors"
}

objects_are_planted() {
  local f
  command -v dcmodify >/dev/null || { echo "    no dcmodify here: objects are not planted"; return; }
  for f in images/ct-m-043y.dcm images/dx-dog-f-005y.dcm ai-sr/sr-tid1500-planar-roi.dcm ai-sr/sr-tid1500-four-groups.dcm; do
    f=$source_dir/testdata/dicom/$f
    cp "$f" "$scratch/in/"
    f=$scratch/in/$(basename "$f")
    chmod u+w "$f"
    check "$f is planted" canary_object "$f"
    "$EVENSIGHT" facts "$f" >/dev/null 2>>"$scratch/seen/facts.txt" # what it shows are the values of one file
  done
  if command -v pdf2dcm >/dev/null; then # an encapsulated document: its bytes are nobody's to read
    printf '%%PDF-1.4\n%% KANARIE 19500101 77001234\n%%%%EOF\n' >"$scratch/report.pdf"
    check "a document is made" pdf2dcm -q +t KANARIE +pn 'KANARIE^Jan' +pi KANARIE1 +pb 19500101 "$scratch/report.pdf" "$scratch/in/document.dcm"
    check "and planted" canary_object "$scratch/in/document.dcm"
  fi
  "$EVENSIGHT" ingest -c "$dir/evensight.json" "$scratch/in"/*.dcm >>"$scratch/seen/objects.txt" 2>&1
  contains "objects are taken" "taken" "$scratch/seen/objects.txt"
  check "at least the images" sh -c 'test "$(sed -n "s/.*taken \([0-9]*\),.*/\1/p" "$1")" -ge 2' sh "$scratch/seen/objects.txt"
}

# Every cell, field and text of files that rules read: first all as they should be, then each one planted, taken or refused.
files_are_planted() {
  local d=$scratch/files column i n
  local columns="study accession site patient time state why id version maker group score reader report"
  local plain="1.2.77001234.1 A1 H P1 01.01.2025 ok reason E1 1 ACME A 0.7 Dr_A canary_finding"
  mkdir -p "$d/task"
  {
    echo "$columns" | tr ' ' ','
    echo "$plain" | tr ' ' ','
    i=0
    for column in $columns; do
      i=$((i + 1))
      echo "$plain" | awk -v n=$i '{ $n = "KANARIE=Jansen"; print }' OFS=, # linked values may be plain words: this is none
      echo "$plain" | awk -v n=$i '{ $n = "KANARIE^19500101 943 476 5919"; $6 = "bad"; print }' OFS=,
    done
    echo "KANARIE,77001234"
    echo 'A,"KANARIE"X,'
  } >"$d/cells.csv"
  n=0
  { # each field of a whole message replaced, one message a field
    printf 'MSH|^~\\&|KANARIE|KANARIE|K|K|20250101||ORU^R01|KANARIE77001234|P|2.5.1\rKANARIE|1\r'
    for i in $(seq 1 64); do
      printf '%s\n' 'PID|1||P1^^^H^MR||KANARIE^JAN||19500101|F|||Street^KANARIE' 'PV1|1|KANARIE|KANARIE' \
        'OBR|1|KANARIE2|F1^KANARIE|X^Chest|||20250101|||||||||KANARIE||A1||||20250102|||F|||||||Dr&KANARIE' \
        'OBX|1|CWE|F^KANARIE||yes^KANARIE|||||||F|||||KANARIE' 'OBX|2|FT|GDT||KANARIE report: canary finding, KANARIE.||||||F' 'ZDS|1.2.77001234.1' |
        awk -F'|' -v OFS='|' -v n="$i" 'BEGIN { printf "MSH|^~\\&|A|B|||20250101||ORU^R01|%s|P|2.5.1\r", n }
          { for (f = 2; f <= NF; f++) { k++; if (k == n) $f = (n % 2 ? "KANARIE" : "KANARIE^19500101^77001234") } printf "%s\r", $0 }'
    done
  } >"$d/fields.hl7"
  cat >"$scratch/observation.json" <<'OBS'
{"resourceType":"Observation","id":"o1","status":"final","issued":"2025-01-01T10:00:00Z","code":{"coding":[{"system":"s","code":"F","display":"d"}],"text":"t"},
 "subject":{"reference":"Patient/1","display":"n","identifier":{"system":"s","value":"P1"}},"partOf":[{"identifier":{"system":"urn:dicom:uid","value":"urn:oid:1.2.77001234.1"}}],
 "identifier":[{"type":{"coding":[{"code":"ACSN"}]},"system":"s","value":"A1"}],"performer":[{"reference":"Practitioner/1","display":"Dr"}],
 "note":[{"text":"x"}],"text":{"div":"<p>x</p>"},"bodySite":{"text":"x"},"valueString":"canary finding","conclusion":"canary finding","device":{"display":"m"}}
OBS
  jq -c '[paths(type == "string") | select(. != ["resourceType"])] as $p | . as $base | $p[] as $one | ("KANARIE Jansen", "KANARIE^19500101 77001234") as $word
    | $base | setpath($one; $word)' "$scratch/observation.json" >"$scratch/observations.jsonl"
  jq -s '{resourceType:"Bundle",identifier:{value:"KANARIE"},entry:[.[] | {fullUrl:"urn:KANARIE",resource:.}, {resource:(. + {resourceType:"DiagnosticReport"} | del(.device))}]}' \
    "$scratch/observations.jsonl" >"$d/all.fhir.json"
  n=0
  while read -r observation; do n=$((n + 1)); echo "$observation" >"$d/$n.fhir.json"; done <"$scratch/observations.jsonl"
  echo '{"resourceType":"KANARIE77001234"}' >"$d/other.fhir.json"
  echo '{"KANARIE":' >"$d/broken.fhir.json"
  echo '{"exception":"KANARIE Jansen","exception_message":"KANARIE 77001234","f":"KANARIE"}' >"$d/task/result.json"
  echo '{"info":{"uid":"1.2.77001234.1","uid_type":"study","mrn":"KANARIE1","acc":"KANARIE2","patient_name":"KANARIE"},"study":{}}' >"$d/task/task.json"
  printf 'HISTORY: KANARIE 19500101\nKANARIE has a canary finding 77001234.\n' >"$d/one.txt"
  printf 'KANARIE \351 canary finding\n' >"$d/bytes.txt"
  run 1 ingest -c "$dir/evensight.json" "$d"
  cp "$errors" "$scratch/seen/files.txt"
  check "many are taken" sh -c 'test "$(sed -n "s/.*taken \([0-9]*\), revised \([0-9]*\),.*/\1 + \2/p" "$1" | xargs expr)" -ge 40' sh "$errors"
  check "many are refused" sh -c 'test "$(sed -n "s/.*refused \([0-9]*\).*/\1/p" "$1")" -ge 25' sh "$errors"
  sed -i 's/cells\.csv\|fields\.hl7\|[a-z0-9]*\.fhir\.json//' "$scratch/seen/files.txt" # names of the test's own files
}

reports_are_made() {
  local format
  for format in json html csv openmetrics text; do
    run 0 report -c "$dir/evensight.json" -f $format -o "$scratch/seen/report.$format"
    check "$format is not empty" test -s "$scratch/seen/report.$format"
    cat "$errors" >>"$scratch/seen/report.txt"
    run 0 report -c "$dir/evensight.json" -f $format --audience external -o "$scratch/seen/external.$format"
  done
  run 0 report -c "$dir/evensight.json" -f plots -o "$scratch/seen/plots"
  run 0 verify -c "$dir/evensight.json"
  cat "$out" "$errors" >>"$scratch/seen/verify.txt"
}

# Everything once more under two further keys; then one person is traced and erased, and sent again.
keys_are_rotated() {
  local turn
  for turn in 2 3; do
    run 0 rotate -c "$dir/evensight.json"
    contains "key $turn" "key $turn, " "$out"
    cat "$out" "$errors" >>"$scratch/seen/rotate.txt"
    run 1 ingest -c "$dir/evensight.json" "$scratch/in/day.jsonl"
    cat "$errors" >>"$scratch/seen/rotate.txt"
    contains "all that was taken is there already" "taken 0, " "$errors"
  done
  echo '{"patient_id":"KANARIE Jansen"}' >"$scratch/whom.json"
  "$EVENSIGHT" trace -c "$dir/evensight.json" <"$scratch/whom.json" >"$scratch/seen/trace.json" 2>>"$scratch/seen/rotate.txt"
  check "the person is traced under the third key" test -s "$scratch/seen/trace.json"
  check "and erased" sh -c '"$1" forget -c "$2" <"$3" >>"$4" 2>&1' sh "$EVENSIGHT" "$dir/evensight.json" "$scratch/whom.json" "$scratch/seen/rotate.txt"
  run 1 ingest -c "$dir/evensight.json" "$scratch/in/day.jsonl"
  cat "$errors" >>"$scratch/seen/rotate.txt"
  contains "and stays away" "erased" "$errors"
  run 0 verify -c "$dir/evensight.json"
}

# The server's own files and journal, and what a backup of it holds.
the_server_is_searched() {
  [ -n "${ES_POSTGRESQL_URL:-}" ] || return 0
  check "a dump is made" sh -c 'pg_dump "$1" >"$2" && pg_dump -Fp --inserts "$1" >>"$2"' sh "$ledger" "$dir/dump.sql"
  check "the ledger stands in it" grep -q 'COPY evensight.entry' "$dir/dump.sql"
  "$ES_POSTGRESQL_CONTROL" stop "$ES_POSTGRESQL_DIR"
  stores+=("$ES_POSTGRESQL_DIR")
  check "its files can be read" test -n "$(find "$ES_POSTGRESQL_DIR/data/pg_wal" -type f -size +1M)"
  run 3 report -c "$dir/evensight.json" -f json
  cat "$out" "$errors" >>"$scratch/seen/away.txt"
}

# What goes wrong says so without the words that it went wrong with.
faults_are_silent_too() {
  local f=$scratch/faults
  mkdir -p "$f"
  for object in "$scratch"/in/*.dcm; do head -c 900 "$object" >"$f/$(basename "$object" .dcm)-cut.dcm"; done
  { head -c 200 "$scratch/planted.jsonl"; echo; printf '{"event":"exam","patient_id":"KANARIE\\q"}\n["KANARIE"]\nKANARIE\n{"KANARIE":1}\n'; } >"$f/cut.jsonl"
  run 1 ingest -c "$dir/evensight.json" "$f"
  cat "$out" "$errors" >>"$scratch/seen/faults.txt"
  (trap '' XFSZ; ulimit -f 8; "$EVENSIGHT" ingest -c "$dir/evensight.json" "$scratch/in" >>"$scratch/seen/faults.txt" 2>&1)
  mv "$dir/site.key" "$dir/key.away"
  run 3 ingest -c "$dir/evensight.json" "$scratch/in"
  contains "no key" "restore it from a backup" "$errors"
  cat "$out" "$errors" >>"$scratch/seen/faults.txt"
  seq 64 | sed 's/.*/a/' | tr -d '\n' >"$dir/site.key"
  run 3 ingest -c "$dir/evensight.json" "$scratch/in"
  contains "another key" "made with key" "$errors"
  cat "$out" "$errors" >>"$scratch/seen/faults.txt"
  mv "$dir/key.away" "$dir/site.key"
  "$EVENSIGHT" facts --explain -c "$dir/evensight.json" "$scratch"/in/*.dcm "$f"/*.dcm >>"$scratch/seen/explain.json" 2>&1
  check "what became of objects is explained" test -s "$scratch/seen/explain.json"
  "$EVENSIGHT" compare -c "$dir/evensight.json" m@1 m@2 >>"$scratch/seen/compare.txt" 2>&1
  for whom in '{"patient_id":"KANARIE nobody"}' '{"KANARIE":"19500101"}' 'KANARIE' '{"study_uid":"KANARIE"}'; do
    for command in trace forget; do echo "$whom" | "$EVENSIGHT" $command -c "$dir/evensight.json" >>"$scratch/seen/faults.txt" 2>&1; done
  done
}

# Killed while it holds an identifier. The shell beside it shows whether a core would be here.
a_killed_program_leaves_no_core() {
  local cores=$scratch/cores pid
  mkdir -p "$cores"
  ulimit -S -c "$(ulimit -H -c)"
  (cd "$cores" && bash -c '(kill -ABRT $BASHPID); true' 2>/dev/null)
  [ -n "$(ls "$cores")" ] || echo "    no core file comes here from any program: only the limit is looked at"
  rm -f "$cores"/*
  mkfifo "$scratch/whom"
  (cd "$cores" && exec "$EVENSIGHT" trace -c "$dir/evensight.json" <"$scratch/whom" >/dev/null 2>&1) &
  pid=$!
  exec 9>"$scratch/whom"
  printf '{"patient_id":"KANARIE' >&9
  for _ in $(seq 100); do grep -q 'core file size *0 *0 ' "/proc/$pid/limits" 2>/dev/null && break; sleep 0.05; done
  check "its limit is none" grep -q 'core file size *0 *0 ' "/proc/$pid/limits"
  kill -ABRT $pid
  exec 9>&-
  wait $pid 2>/dev/null
  same "killed by SIGABRT" 134 $?
  same "no core is there" "" "$(ls "$cores")"
}

# Without the key, as anybody could make them.
no_plain_hash_comes_out() {
  local word sum hash
  for word in "KANARIE Jansen" "KANARIE JANSEN" "KANARIE^19500101 943 476 5919" KANARIE1 KANARIE2 1.2.77001234.1 1.2.77001234.7; do
    for sum in md5sum sha1sum sha256sum; do
      hash=$(printf %s "$word" | $sum | cut -c1-16)
      same "no $sum of a planted value" "" \
        "$(grep -rali -- "$hash" "${stores[@]}" "$scratch/seen" 2>/dev/null | xargs -r -n1 basename | xargs)"
      same "nor its bytes" "" "$(LC_ALL=C grep -raPl -- "$(printf %s "$hash" | sed 's/../\\x&/g')" "${stores[@]}" "$scratch/seen" 2>/dev/null | xargs -r -n1 basename | xargs)"
    done
  done
}

nothing_comes_out() {
  local word pattern
  check "the search sees what the ledger holds" test -n "$(canaries_in PatientSex "${stores[@]}")"
  for word in "${canaries[@]}"; do
    pattern=$(canary_pattern "$word")
    same "$word anywhere in ledger, messages or reports" "" "$(canaries_in "$word" "${stores[@]}" "$dir"/site.key "$scratch/seen")"
    check "the search finds it where it is" grep -qaiP -- "$pattern" "$scratch/in/day.jsonl"
    check "and in base64" sh -c 'printf "x%s" "$1" | base64 -w0 | grep -qP -- "$2"' sh "$word$word" "$pattern"
    check "and in hex" sh -c 'printf "x%s" "$1" | od -An -tx1 | tr -d " \n" | grep -qP -- "$2"' sh "$word" "$pattern"
    check "and in UTF-16" sh -c 'printf "x%s" "$1" | iconv -t UTF-16LE | LC_ALL=C grep -qaP -- "$2"' sh "$word" "$pattern"
  done
}

echo "canaries"
test_case everything_is_planted
test_case objects_are_planted
test_case files_are_planted
test_case reports_are_made
test_case keys_are_rotated
test_case faults_are_silent_too
test_case the_server_is_searched
test_case a_killed_program_leaves_no_core
test_case nothing_comes_out
test_case no_plain_hash_comes_out
finish
