#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to a subgroup report: install, build, start a private Orthanc with the plugin, send it a real stream of chest X-rays
# and AI results, post the reference labels, and show what Evensight found.
#
#   plugin/demo.sh [--exams N] [--results DIR] [--keep]
#
#   --exams N      at least so many exams of whole patients (default 2000; the stream has 22433)
#   --results DIR  where report.html, report.json and the plots go (default results/)
#   --keep         leave Orthanc running and print the address of its page
#
# Works as root or with sudo (to install packages). Orthanc listens on the loopback interface only, on free ports, in a folder
# of its own, and is stopped by its process id; no service is left running that was not running before.
set -euo pipefail
cd "$(dirname "$0")/.."

exams=2000 results=results keep=no
while [ $# -gt 0 ]; do
  case "$1" in
    --exams) exams=${2:?}; shift ;;
    --results) results=${2:?}; shift ;;
    --keep) keep=yes ;;
    *) sed -n '6,14s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
  esac
  shift
done
[[ $exams =~ ^[1-9][0-9]{0,5}$ ]] || { echo "demo: --exams takes a whole number" >&2; exit 2; }

plugin/setup.sh
build=$PWD/build/release
# Nagle's algorithm stays on in DCMTK's sockets and stalls every small object twice: off, on both sides.
export TCP_NODELAY=1 LC_ALL=C

work=$(mktemp -d "${TMPDIR:-/tmp}/evensight-demo.XXXXXX")
pid=
finish() {
  if [ -n "$pid" ]; then kill -TERM "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM
fail() { echo "demo: $1" >&2; [ ! -e "$work/orthanc.log" ] || tail -5 "$work/orthanc.log" >&2; exit 1; }

# bar WHAT DONE ALL: one line that is drawn over on a terminal, a line at each quarter elsewhere
last_quarter=-1
bar() {
  local width=40 filled=$(($2 * 40 / $3)) quarter=$(($2 * 4 / $3))
  if [ -t 1 ]; then
    printf '\r%-28s [%-*s] %d/%d' "$1" $width "$(printf '%*s' "$filled" '' | tr ' ' '#')" "$2" "$3"
    [ "$2" -lt "$3" ] || printf '\n'
  elif [ "$quarter" -ne "$last_quarter" ]; then
    printf '%s: %d of %d\n' "$1" "$2" "$3"
    last_quarter=$quarter
    [ "$2" -lt "$3" ] || last_quarter=-1
  fi
}
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 22000)) # below those of outgoing connections
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo $port; return; }
  done
}

predictions=testdata/predictions/nih-chexnet/predictions.csv
echo "Making the stream: chest X-rays of the NIH ChestX-ray14 test patients with a real network's scores"
"$build/bin/make_stream" --exams "$exams" --dicom "$work/dicom" --references "$work/references.jsonl" "$predictions" >"$work/made"
count=$(wc -l <"$work/references.jsonl")

http=$(free_port) dicom=$(free_port)
mkdir "$work/storage"
sed 's|^ *//.*||' testdata/demo.json | jq --arg dir "$work" --arg plugin "$build/lib/libOrthancEvensight.so" \
  --argjson http "$http" --argjson dicom "$dicom" '
  .Evensight.Ledger = "sqlite:\($dir)/ledger.db" | .Evensight.PseudonymKeyFile = "\($dir)/site.key" |
  {Name: "Evensight demo", StorageDirectory: "\($dir)/storage", IndexDirectory: "\($dir)/storage", HttpPort: $http,
   DicomPort: $dicom, DicomAet: "ORTHANC", RemoteAccessAllowed: false, AuthenticationEnabled: false,
   DicomCheckCalledAet: false, DicomAlwaysAllowStore: true, Plugins: [$plugin]} + .' >"$work/orthanc.json"
Orthanc "$work/orthanc.json" >"$work/orthanc.log" 2>&1 &
pid=$!
root=http://127.0.0.1:$http/evensight
for _ in $(seq 200); do
  curl -sf -o /dev/null "$root/status" && break
  kill -0 $pid 2>/dev/null || { pid=; fail "Orthanc did not start"; }
  sleep 0.1
done
curl -sf -o /dev/null "$root/status" || fail "the plugin is not ready: $(curl -s "$root/status")"

sent=0
for part in "$work"/dicom/*; do
  bar "Sending exams by C-STORE" $sent "$count"
  dcmsend --quiet --no-halt --scan-directories --recurse 127.0.0.1 "$dicom" "$part" || fail "dcmsend failed"
  sent=$((sent + $(ls "$part" | wc -l) / 2))
done
bar "Sending exams by C-STORE" $sent "$count"

# Labels arrive later than results, in batches, as they would from a reporting system.
posted=0
split -l 500 "$work/references.jsonl" "$work/labels."
for batch in "$work"/labels.*; do
  curl -sS --fail-with-body -H 'Content-Type: application/x-ndjson' --data-binary "@$batch" "$root/ingest/events" >"$work/answer" ||
    fail "labels were not taken: $(cat "$work/answer")"
  posted=$((posted + $(jq '.taken + .duplicate' "$work/answer")))
  bar "Posting reference labels" $posted "$count"
done

printf 'Waiting until everything is counted'
for _ in $(seq 300); do
  [ "$(curl -s "$root/status" | jq -r .settled)" = true ] && break
  printf '.'
  sleep 0.4
done
echo
[ "$(curl -s "$root/status" | jq -r .settled)" = true ] || fail "still not counted: $(curl -s "$root/status")"

mkdir -p "$results/plots"
rm -f "$results"/plots/*.png
curl -sSf "$root/report.json" -o "$results/report.json"
curl -sSf "$root/report.html" -o "$results/report.html"
curl -sSf "$root/report.csv" -o "$results/report.csv"
curl -sSf "$root/plots" | jq -r '.[]' >"$work/plots"
drawn=0
while read -r plot; do
  curl -sSf "$root/plots/$plot" -o "$results/plots/$plot"
  drawn=$((drawn + 1))
  bar "Drawing plots" $drawn "$(wc -l <"$work/plots")"
done <"$work/plots"

echo
curl -sSf "$root/report?format=text"
echo
results=$(cd "$results" && pwd)
echo "Report for people:   $results/report.html"
echo "Report for programs: $results/report.json, $results/report.csv"
echo "Plots:               $results/plots/ ($drawn PNG files)"
if [ $keep = yes ]; then
  echo "Page in Orthanc:     $root/app/   (Orthanc Explorer: http://127.0.0.1:$http/app/explorer.html)"
  echo "Orthanc goes on as process $pid in $work; end it with: kill $pid && rm -rf $work"
  disown $pid
  trap - EXIT
fi
