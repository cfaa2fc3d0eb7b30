#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test program with a PostgreSQL server of its own: run.sh PROGRAM [partitions|servers [TEST...]]. Without PostgreSQL the program skips what
# needs it. With the second word the ledger's table is distributed (distribute.sh), over one server or over two; TEST: only these tests.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${1:?a test program}
mode=${2:-}
shift $(($# < 2 ? $# : 2))
if ! "$here/server.sh" here; then exec "$program"; fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/evensight-postgresql.XXXXXX")
trap '"$here/server.sh" stop "$dir/server"; [ ! -e "$dir/second" ] || "$here/server.sh" stop "$dir/second"; rm -rf "$dir"' EXIT
# start NAME: its URL; a server that does not start is an error
start() { "$here/server.sh" create "$dir/$1" || { echo "the server does not start: $(tail -3 "$dir/$1/log" 2>/dev/null)" >&2; return 1; }; }
ES_POSTGRESQL_URL=$(start server) || exit 1
if [ "$mode" = servers ]; then ES_POSTGRESQL_SECOND=$(start second) || exit 1; fi
export ES_POSTGRESQL_URL ES_POSTGRESQL_SECOND ES_POSTGRESQL_DIR=$dir/server ES_POSTGRESQL_CONTROL=$here/server.sh
export ES_POSTGRESQL_MODE=$mode ES_POSTGRESQL_DISTRIBUTE=$here/distribute.sh
[ $# -gt 0 ] || { "$program"; exit $?; }
status=0
for test in "$@"; do "$program" "$test" || status=1; done
exit $status
