# SPDX-License-Identifier: Apache-2.0
# What the tests inside a real Orthanc share. Sourced; ES_BUILD is the build directory.
# Each test starts its own Orthanc on free loopback ports in a folder of its own, and stops it by process id.
set -uo pipefail
export LC_ALL=C
# Nagle's algorithm stays on in DCMTK's sockets and stalls small objects 40 ms each: off on both sides.
export TCP_NODELAY=1

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
build=${ES_BUILD:-$source_dir/build/release}
plugin=$build/lib/libOrthancEvensight.so
evensight=$build/bin/evensight
passed=0 failed=0
pids=()

ok() { passed=$((passed + 1)); printf 'ok   %s\n' "$1"; }
bad() { failed=$((failed + 1)); printf 'FAIL %s%s\n' "$1" "${2:+: $2}"; }
# check WHAT COMMAND...: passes when the command does
check() {
  local what=$1 said=$work/check.$BASHPID
  shift
  if "$@" >"$said" 2>&1; then ok "$what"; else bad "$what" "$(tail -c 300 "$said" | tr '\n' ' ')"; fi
}
# equal WHAT FOUND EXPECTED
equal() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1" "found [$2], expected [$3]"; fi }
finish() {
  local pid
  for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null; done
  if [ "$failed" -gt 0 ] && [ -n "${ES_KEEP:-}" ]; then echo "kept $work"; else rm -rf "$work"; fi
  echo "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit $?
}
# beside COMMAND...: run it at the same time as others; its checks are counted by gather
beside() {
  n_beside=$((n_beside + 1))
  (
    passed=0 failed=0 pids=()
    "$@"
    echo "$passed $failed" >"$work/beside.$n_beside.count"
  ) >"$work/beside.$n_beside.out" 2>&1 &
  [ "$(jobs -rp | wc -l)" -lt 3 ] || wait -n
}
n_beside=0
gather() {
  local i p f
  wait
  for i in $(seq $n_beside); do
    cat "$work/beside.$i.out"
    read -r p f <"$work/beside.$i.count" || { p=0 f=1; echo "FAIL a part that ran beside did not come to its end"; }
    passed=$((passed + p)) failed=$((failed + f))
  done
  n_beside=0
}
skip() {
  echo "skipped: $1"
  echo "0 passed, 0 failed, 1 skipped"
  exit 77
}

work=$(mktemp -d "${TMPDIR:-/tmp}/evensight-orthanc.XXXXXX")
for tool in Orthanc dcmsend curl jq; do
  command -v $tool >/dev/null || skip "no $tool here"
done
[ -e "$plugin" ] || skip "the plugin was not built"
predictions=$source_dir/testdata/predictions/nih-chexnet/predictions.csv
[ -e "$predictions" ] || predictions=$source_dir/../shared/data/predictions/nih-chexnet/predictions.csv
[ -e "$predictions" ] || skip "no predictions.csv"

# A port nobody listens on, below those that the kernel hands to outgoing connections (32768 on).
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 22000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}

# make_stream ARGUMENT...: the demo stream's objects and events
make_stream() { "$build/bin/make_stream" "$@" "$predictions" >/dev/null; }

# An item of a code sequence as it stands in a UN element: implicit VR little endian, CodeValue "C".
code_item() { printf '\xfe\xff\x00\xe0\x0a\x00\x00\x00\x08\x00\x00\x01\x02\x00\x00\x00C '; }

# evensight_section DIR: the demo's configuration with its ledger and key in DIR, as one object on stdout
evensight_section() {
  sed 's|^ *//.*||' "$source_dir/testdata/demo.json" |
    jq --arg dir "$1" '.Evensight | .Ledger = "sqlite:\($dir)/ledger.db" | .PseudonymKeyFile = "\($dir)/site.key"'
}

# configure DIR SECTION [PLUGIN|none] [EXTRA]: write DIR/orthanc.json; SECTION and EXTRA are JSON objects
configure() {
  local dir=$1 section=$2 library=${3:-$plugin} extra=${4:-}
  [ -n "$extra" ] || extra='{}'
  mkdir -p "$dir/storage"
  http_port=$(free_port) dicom_port=$(free_port)
  jq -n --arg dir "$dir" --arg library "$library" --argjson http "$http_port" --argjson dicom "$dicom_port" \
    --argjson section "$section" --argjson extra "$extra" '
    {Name: "test", StorageDirectory: "\($dir)/storage", IndexDirectory: "\($dir)/storage", HttpPort: $http, DicomPort: $dicom,
     DicomAet: "ORTHANC", RemoteAccessAllowed: false, AuthenticationEnabled: false, DicomAlwaysAllowStore: true,
     DicomCheckCalledAet: false, StableAge: 600, KeepAlive: false, DicomThreadsCount: 2, HttpThreadsCount: 8,
     Plugins: (if $library == "none" then [] else [$library] end)}
    + (if $section == null then {} else {Evensight: $section} end) + $extra' >"$dir/orthanc.json"
}

# start DIR: start Orthanc; sets pid, url, root
start() {
  local dir=$1 i
  http_port=$(jq .HttpPort "$dir/orthanc.json") dicom_port=$(jq .DicomPort "$dir/orthanc.json")
  url=http://127.0.0.1:$http_port root=$url/evensight
  Orthanc "$dir/orthanc.json" >>"$dir/orthanc.log" 2>&1 &
  pid=$!
  pids+=("$pid")
  for i in $(seq 1200); do # a minute: the machine may be busy
    curl -sf -o /dev/null "$url/system" && return 0
    kill -0 "$pid" 2>/dev/null || { echo "Orthanc ended: $(tail -3 "$dir/orthanc.log")"; return 1; }
    sleep 0.05
  done
  echo "Orthanc does not answer"
  return 1
}

# stop: end the Orthanc of `pid`; its exit status (0 when it stopped in good order)
stop() {
  local status
  kill -TERM "$pid" 2>/dev/null
  wait "$pid" 2>/dev/null
  status=$?
  forget_pid
  return $status
}
forget_pid() {
  local left=() one
  for one in "${pids[@]}"; do [ "$one" = "$pid" ] || left+=("$one"); done
  pids=(${left[@]+"${left[@]}"})
}

# send DIR: C-STORE everything below DIR
send() { dcmsend --quiet --no-halt --scan-directories --recurse 127.0.0.1 "$dicom_port" "$1"; }
stored() { curl -sf "$url/statistics" | jq .CountInstances; }
# store_one: is an image stored?
store_one() { dcmsend --quiet 127.0.0.1 "$dicom_port" "$1"; }
# post FILE: lines to ingest/events
post() { curl -sS -H 'Content-Type: application/x-ndjson' --data-binary "@$1" "$root/ingest/events"; }
status_of() { curl -s "$root/status"; }
# wait_settled [SECONDS]: until the report shows everything that was handed over
wait_settled() {
  local i
  for i in $(seq $((${1:-60} * 5))); do
    [ "$(status_of | jq -r .settled 2>/dev/null)" = true ] && return 0
    sleep 0.2
  done
  echo "not settled: $(status_of)"
  return 1
}
# The report without what tells where it comes from: position in the ledger, dates of receipt, software.
without_provenance() { jq -S 'del(.ledger, .software, .basis, .as_of_seq)' "$1"; }
