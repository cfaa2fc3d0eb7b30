#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two Orthanc nodes and one PostgreSQL server give the report that one node gives, also when the server goes away in the middle.
source "$(dirname "$0")/lib.sh"
[ -x "$evensight" ] || skip "the program was not built"
server=$source_dir/tests/postgresql/server.sh
"$server" here || skip "no PostgreSQL here"

make_stream --exams 200 --dicom "$work/dicom" --references "$work/references.jsonl" --jsonl "$work/all.jsonl"
mkdir -p "$work/one"
head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$work/site.key"
echo >>"$work/site.key"
chmod 640 "$work/site.key"
chmod 711 "$work"

# section DIR NODE URL: the demo's configuration for one node
section() {
  evensight_section "$1" | jq --arg key "$work/site.key" --arg node "$2" --arg url "$3" --arg spool "$1/spool.db" \
    '.PseudonymKeyFile = $key | .Node = $node | .Ledger = $url | .LedgerSpool = $spool'
}

# One node, for comparison.
evensight_section "$work/one" | jq --arg key "$work/site.key" '.PseudonymKeyFile = $key | {Evensight: .}' >"$work/one/conf.json"
check "one node takes everything" "$evensight" ingest -c "$work/one/conf.json" "$work/all.jsonl"
check "and reports" "$evensight" report -c "$work/one/conf.json" -o "$work/one.json"

ledger=$("$server" create "$work/server") || skip "the server does not start"
trap '"$server" stop "$work/server"' EXIT
mkdir -p "$work/a" "$work/b"
configure "$work/a" "$(section "$work/a" north "$ledger")"
configure "$work/b" "$(section "$work/b" south "$ledger")"
check "the first node starts" start "$work/a"
pid_a=$pid url_a=$url root_a=$root port_a=$dicom_port
check "the second node starts" start "$work/b"
pid_b=$pid url_b=$url root_b=$root port_b=$dicom_port

# at NODE: the functions of the library speak to this node
at() {
  if [ "$1" = a ]; then pid=$pid_a url=$url_a root=$root_a dicom_port=$port_a; else pid=$pid_b url=$url_b root=$root_b dicom_port=$port_b; fi
}
# Objects to both nodes in turn: results and exams of one study may end at different nodes.
mkdir -p "$work/to-a" "$work/to-b"
i=0
while read -r file; do
  i=$((i + 1))
  if ((i % 2)); then ln "$file" "$work/to-a/$i.dcm"; else ln "$file" "$work/to-b/$i.dcm"; fi
done < <(find "$work/dicom" -type f | sort)
mkdir -p "$work/first" "$work/rest"
find "$work/to-b" -type f | sort | head -60 | while read -r file; do mv "$file" "$work/first/"; done

at a
check "objects go to the first node" send "$work/to-a"
at b
check "and to the second" send "$work/first"
lines=$(wc -l <"$work/references.jsonl")
head -n $((lines / 2)) "$work/references.jsonl" >"$work/references.1.jsonl"
tail -n +$((lines / 2 + 1)) "$work/references.jsonl" >"$work/references.2.jsonl"
check "labels go to the second node" post "$work/references.1.jsonl"

# The server crashes: labels are acknowledged all the same, and images are stored.
"$server" kill "$work/server"
at a
check "labels while the server is away" post "$work/references.2.jsonl"
at b
check "objects while the server is away" send "$work/to-b"
at a
for _ in $(seq 100); do
  state=$(curl -s "$root/status" | jq -r '.state + " " + (.ledger.spooled > 0 | tostring)')
  [ "$state" = "degraded true" ] && break
  sleep 0.1
done
equal "status says so" "$state" "degraded true"
check "and the file is there" test -e "$work/a/spool.db"
"$server" start "$work/server"

# Both come back by themselves, hand over what waited, and show the same.
reports_equal() {
  curl -sf "$root_a/report" >"$work/a.json" && curl -sf "$root_b/report" >"$work/b.json" &&
    cmp -s <(without_provenance "$work/one.json") <(without_provenance "$work/a.json") &&
    cmp -s <(without_provenance "$work/one.json") <(without_provenance "$work/b.json")
}
for _ in $(seq 600); do
  reports_equal && break
  sleep 0.2
done
check "the first node's report is that of one node" diff <(without_provenance "$work/one.json") <(without_provenance "$work/a.json")
check "so is the second's" diff <(without_provenance "$work/one.json") <(without_provenance "$work/b.json")
check "the spool is empty" test ! -e "$work/a/spool.db"
equal "two chains stand behind it" "$(jq -r '[.ledger.heads[].node] | join(" ")' "$work/a.json")" "north south"

# The program beside both: verify, and the report as of these heads.
section "$work/c" reader "$ledger" | jq '{Evensight: .}' >"$work/c.json"
check "verify proves both chains" "$evensight" verify -c "$work/c.json"
heads=$(jq -r '[.ledger.heads[] | "\(.node):\(.seq)"] | join(",")' "$work/a.json")
check "as of these heads" "$evensight" report -c "$work/c.json" --as-of "$heads" -o "$work/again.json"
check "byte for byte" cmp "$work/a.json" "$work/again.json"
at a
check "the first node stops" stop
at b
check "the second node stops" stop
"$server" stop "$work/server"
trap - EXIT
finish
