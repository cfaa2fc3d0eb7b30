#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# `evensight ingest` while the n-th write, sync or allocation fails, once or from then on; then again with nothing in its way.
# Held for every n: no crash, a documented exit status and words for whatever is not 0, what was acknowledged before is there, the chain
# holds, and the next run takes what is missing: the same number of entries and, for every tenth, the same report as an undisturbed run.
# Then a file system that is full.
#
#   tests/faults/faults.sh [STEP]     every STEP-th write, sync and allocation. Without it every sync and some ten of the others, evenly spread; 1 is all
# EVENSIGHT and FAIL name the program and the library.
. "$(dirname "$0")/../cli/lib.sh"
: "${FAIL:?the library that fails calls}"
given=${1:-}

mkdir "$scratch/input"
cp "$source_dir/testdata/dicom/images/cr-sex-blank-047y.dcm" "$scratch/input/image.dcm"
cp "$source_dir/testdata/dicom/made/sr-probability.dcm" "$scratch/input/"
line() { # line N: an exam, its result and its reference
  printf '{"event":"exam","study_uid":"1.2.3.%d","patient_id":"P%d","study_date":"20250101","demographics":{"PatientSex":"F","PatientAge":"054Y"},"acquisition":{"Modality":"DX"}}\n' "$1" "$1"
  printf '{"event":"result","study_uid":"1.2.3.%d","model":{"name":"m","version":"1"},"produced":"2025-01-01T10:00:00Z","status":"ok","findings":[{"finding":"f","score":0.7}]}\n' "$1"
  printf '{"event":"reference","study_uid":"1.2.3.%d","source":"report","status":"final","established":"2025-01-20T10:00:00Z","reader_saw_ai":"no","findings":[{"finding":"f","label":1}]}\n' "$1"
}
for i in 1 2 3 4; do line "$i"; done >"$scratch/before.jsonl"
for i in 5 6; do line "$i"; done >"$scratch/input/lines.jsonl"
conf() { # conf FOLDER
  cat >"$1/conf.json" <<CONF
{ "Evensight": { "Site": "A", "Ledger": "sqlite:$1/ledger.db", "PseudonymKeyFile": "$1/site.key",
  "Axes": [ {"Name":"sex","Attribute":"PatientSex"} ],
  "Models": [ {"Name":"m","Findings":[{"Name":"f","Task":"binary","Threshold":0.5,"ReferenceWithin":"0d"}]} ], "Disclosure": {"Internal":"none"} } }
CONF
}
entries() { "$EVENSIGHT" verify -c "$1/conf.json" 2>>"$scratch/verify.err" | sed -n 's/ entries, the chain holds.*//p'; }
figures() { "$EVENSIGHT" report -c "$1/conf.json" | jq -S 'del(.ledger, .software, .basis, .as_of_seq, .as_of)'; }

# Before: four exams that were acknowledged. Calm: the rest in an undisturbed run.
mkdir "$scratch/base" "$scratch/calm" "$scratch/hit"
conf "$scratch/base"
"$EVENSIGHT" ingest -c "$scratch/base/conf.json" "$scratch/before.jsonl" 2>/dev/null || { echo "no ledger to begin with"; exit 1; }
acknowledged=$(entries "$scratch/base")
again() { # again FOLDER: the ledger as it stood before
  rm -rf "$1"
  cp -r "$scratch/base" "$1"
  conf "$1"
}
again "$scratch/calm"
"$EVENSIGHT" ingest -c "$scratch/calm/conf.json" "$scratch/input" 2>"$scratch/calm.err"
calm_status=$?
whole=$(entries "$scratch/calm")
figures "$scratch/calm" >"$scratch/calm.json"

# one KIND N ON: false when something is not as it must be
one() {
  local dir=$scratch/hit status=0 after last
  again "$dir"
  rm -f "$scratch/calls"
  env ${3:+ES_FAIL_ON=1} ES_FAIL="$1" ES_FAIL_AT="$2" ES_FAIL_FROM="$dir/conf.json" ES_FAIL_OUT="$scratch/calls" LD_PRELOAD="$FAIL" \
    "$EVENSIGHT" ingest -c "$dir/conf.json" "$scratch/input" >"$scratch/fault.out" 2>"$scratch/fault.err" || status=$?
  statuses[$status]=$((${statuses[$status]:-0} + 1))
  [ "$status" -le 3 ] || { echo "    $1 $2: exit status $status: $(tail -c 300 "$scratch/fault.err")"; return 1; }
  [ "$status" -eq 0 ] || [ -s "$scratch/fault.err" ] || { echo "    $1 $2: exit status $status and no word"; return 1; }
  [ ! -s "$scratch/fault.out" ] || { echo "    $1 $2: something on standard output"; return 1; }
  after=$(entries "$dir")
  [ "${after:-0}" -ge "$acknowledged" ] || { echo "    $1 $2: ${after:-no} entries left of $acknowledged acknowledged: $(tail -1 "$scratch/verify.err")"; return 1; }
  # Status 0 acknowledges everything.
  [ "$status" -ne 0 ] || [ "$after" -eq "$whole" ] || { echo "    $1 $2: exit status 0 with $after of $whole entries"; return 1; }
  [ "$after" -eq "$whole" ] || {
    last=0
    "$EVENSIGHT" ingest -c "$dir/conf.json" "$scratch/input" >/dev/null 2>"$scratch/next.err" || last=$?
    [ "$last" -eq "$calm_status" ] || { echo "    $1 $2: the next run ended with $last: $(tail -1 "$scratch/next.err")"; return 1; }
    after=$(entries "$dir")
    [ "${after:-0}" -eq "$whole" ] || { echo "    $1 $2: ${after:-no} entries after the next run, $whole expected"; return 1; }
  }
  [ $((tried % 10)) -ne 0 ] || figures "$dir" | cmp -s - "$scratch/calm.json" || { echo "    $1 $2: another report"; return 1; }
}
# all KIND STEP [ON]: n = 1, 1 + step, ... until a run makes fewer calls than that
all() {
  local kind=$1 step=$2 on=${3:-} n bad=0
  tried=0 statuses=()
  for ((n = 1; ; n += step)); do
    tried=$((tried + 1))
    one "$kind" "$n" "$on" || bad=$((bad + 1))
    [ "$bad" -lt 10 ] || break
    [ ! -e "$scratch/calls" ] || [ "$(cat "$scratch/calls")" -ge "$n" ] || break
  done
  echo "    $kind${on:+, all from then on}: $tried runs, ended with 0: ${statuses[0]:-0}, 1: ${statuses[1]:-0}, 2: ${statuses[2]:-0}, 3: ${statuses[3]:-0}"
  same "$kind${on:+, all from then on}: runs that were not as they must be" 0 "$bad"
  check "$kind: more than one call was failed" test "$tried" -gt 1
}
calls_of() { # calls_of KIND: of an undisturbed run
  again "$scratch/hit"
  ES_FAIL=$1 ES_FAIL_FROM=$scratch/hit/conf.json ES_FAIL_OUT=$scratch/calls LD_PRELOAD=$FAIL "$EVENSIGHT" ingest -c "$scratch/hit/conf.json" "$scratch/input" 2>/dev/null
  cat "$scratch/calls"
}
step_of() { # a step that gives about ten runs
  echo "${given:-$(($(calls_of "$1") / 10 + 1))}"
}

the_library_stands_before_the_calls() {
  check "calls are counted" test "$(calls_of write)" -gt 5
}

every_write_fails() {
  all write "$(step_of write)"
  all write "$(step_of write)" on
}
every_sync_fails() {
  all sync "${given:-1}"
  all sync "${given:-1}" on
}
every_allocation_fails() {
  all memory "$(step_of memory)"
  all memory "$(step_of memory)" on
}

# A disk that is full: everything that was acknowledged is there, and with room again the rest is taken.
a_full_file_system_loses_nothing() {
  local dir=$scratch/full status=0 filler
  mkdir -p "$dir"
  if ! mount -t tmpfs -o size=2m none "$dir" 2>/dev/null; then
    echo "    skipped: no right to mount a small file system"
    return
  fi
  cp "$scratch"/base/* "$dir/"
  conf "$dir"
  rm -f "$dir"/*.lease
  "$EVENSIGHT" verify -c "$dir/conf.json" >/dev/null 2>&1
  filler=$dir/filler
  dd if=/dev/zero of="$filler" bs=1k 2>/dev/null
  "$EVENSIGHT" ingest -c "$dir/conf.json" "$scratch/input" >/dev/null 2>"$scratch/full.err" || status=$?
  same "exit status on a full file system" 3 "$status"
  check "it says so: $(tail -1 "$scratch/full.err")" grep -qiE 'no space|full' "$scratch/full.err"
  rm -f "$filler"
  same "what was acknowledged is there" "$acknowledged" "$(entries "$dir")"
  "$EVENSIGHT" ingest -c "$dir/conf.json" "$scratch/input" 2>/dev/null
  same "the rest is taken when there is room" "$whole" "$(entries "$dir")"
  umount "$dir"
}

test_case the_library_stands_before_the_calls
[ "$failed" -eq 0 ] || finish # the runs below would never end
test_case a_full_file_system_loses_nothing
test_case every_sync_fails
test_case every_write_fails
test_case every_allocation_fails
finish
