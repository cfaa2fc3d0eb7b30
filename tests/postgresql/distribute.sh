#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes the tables of a ledger as an administrator would who distributes `entry` by identity.
#
#   distribute.sh partitions URL         four hash partitions: a unique constraint must hold the column that distributes, as on Citus
#   distribute.sh servers URL SECOND     two of them on a second server (postgres_fdw): a commit is no longer seen everywhere at the same moment.
#                                        A partitioned table with parts elsewhere can have no key of its own; its parts have
set -euo pipefail
tables=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/plugin/ledger/postgresql.sql
mode=${1:?partitions or servers} url=${2:?a URL}
export PGOPTIONS=-cclient_min_messages=warning
run() { psql -q -X -v ON_ERROR_STOP=1 "$@" >/dev/null; }
# The columns of entry as our file has them.
columns=$(sed -n '/TABLE.*evensight.entry (/,/^);/p' "$tables" | sed '1d;$d')

case $mode in
  partitions)
    sed '/TABLE.*evensight.entry (/,/^);/s/^);/) PARTITION BY HASH (identity);/' "$tables" | run "$url"
    for i in 0 1 2 3; do echo "CREATE TABLE evensight.entry_$i PARTITION OF evensight.entry FOR VALUES WITH (MODULUS 4, REMAINDER $i);"; done | run "$url"
    ;;
  servers)
    second=${3:?a second URL} name=${url##*/}
    port=$(sed 's|.*:\([0-9]*\)/.*|\1|' <<<"$second")
    run "$second" -c "CREATE DATABASE $name"
    far=${second%/*}/$name
    {
      echo "CREATE SCHEMA evensight;"
      for i in 2 3; do
        echo "CREATE TABLE evensight.entry_$i ($columns);"
        echo "CREATE INDEX ON evensight.entry_$i (node, seq); CREATE INDEX ON evensight.entry_$i (event_id) WHERE event_id IS NOT NULL;"
      done
    } | run "$far"
    {
      echo "CREATE EXTENSION postgres_fdw;"
      echo "CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '$port', dbname '$name', options '-c lock_timeout=2s');"
      echo "CREATE USER MAPPING FOR evensight SERVER far OPTIONS (user 'evensight');"
      sed '/TABLE.*evensight.entry (/,/^);/{s/bytea PRIMARY KEY/bytea NOT NULL/;s/^);/) PARTITION BY HASH (identity);/}' "$tables"
      for i in 0 1; do
        echo "CREATE TABLE evensight.entry_$i PARTITION OF evensight.entry (PRIMARY KEY (identity)) FOR VALUES WITH (MODULUS 4, REMAINDER $i);"
      done
      for i in 2 3; do
        echo "CREATE FOREIGN TABLE evensight.entry_$i PARTITION OF evensight.entry FOR VALUES WITH (MODULUS 4, REMAINDER $i) SERVER far;"
      done
    } | run "$url"
    ;;
  *) echo "distribute.sh: found $mode, expected partitions or servers" >&2; exit 2 ;;
esac
