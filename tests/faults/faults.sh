#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The program while the n-th write, sync or allocation fails, once or from then on; every.c says what is held for each n. Then a file system
# that is full.
#
#   tests/faults/faults.sh [STEP]     every STEP-th allocation: 499; the long run: 1, which is all. Writes and syncs: always all
# EVENSIGHT, FAIL, EVERY and RUN_WORKER name the program, the library that fails calls, what walks through them and the worker.
. "$(dirname "$0")/../cli/lib.sh"
: "${FAIL:?the library that fails calls}" "${EVERY:?the program that walks through them}" "${RUN_WORKER:?the worker without Orthanc}"
step=${1:-499}
# In memory where it can be: what is counted is what the program does about a sync that fails, not how long one takes.
if [ -w /dev/shm ]; then rm -rf "$scratch" && scratch=$(mktemp -d /dev/shm/evensight-faults.XXXXXX); fi

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

# Four exams that were acknowledged before; and what an undisturbed run makes of the rest.
mkdir "$scratch/base" "$scratch/nothing" "$scratch/calm" "$scratch/hit"
conf "$scratch/base"
"$EVENSIGHT" ingest -c "$scratch/base/conf.json" "$scratch/before.jsonl" 2>/dev/null || { echo "no ledger to begin with"; exit 1; }
acknowledged=$(entries "$scratch/base")
cp "$scratch"/base/* "$scratch/calm"
conf "$scratch/calm"
"$EVENSIGHT" ingest -c "$scratch/calm/conf.json" "$scratch/input" 2>/dev/null
whole=$(entries "$scratch/calm")
conf "$scratch/hit"
echo '{"patient_id":"P2"}' >"$scratch/stdin"

# every BASE KIND STEP COMMAND...: once, and from then on
every() {
  local mode base=$1 kind=$2 steps=$3
  shift 3
  for mode in once on; do
    check "$kind, $mode: $*" "$EVERY" "$FAIL" "$EVENSIGHT" "$scratch/$base" "$scratch/hit" "$kind" "$mode" "$steps" "$@"
  done
}
of_kind() { # KIND STEP: whatever writes a ledger
  every base "$1" "$2" ingest "$scratch/input"
  every nothing "$1" "$2" ingest "$scratch/input" "$scratch/before.jsonl"
  every base "$1" "$2" report
  every base "$1" "$2" report --audience external
  every base "$1" "$2" rotate
  every base "$1" "$2" forget
  every base "$1" "$2" "$RUN_WORKER"
}
every_write_fails() { of_kind write 1; }
every_sync_fails() { of_kind sync 1; }
every_allocation_fails() { of_kind memory "$step"; }

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

test_case a_full_file_system_loses_nothing
test_case every_sync_fails
test_case every_write_fails
test_case every_allocation_fails
finish
