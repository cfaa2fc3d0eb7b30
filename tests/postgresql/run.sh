#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs a test program with a PostgreSQL server of its own: run.sh PROGRAM. Without PostgreSQL the program skips what needs it.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${1:?a test program}
if ! "$here/server.sh" here; then exec "$program"; fi
dir=$(mktemp -d "${TMPDIR:-/tmp}/evensight-postgresql.XXXXXX")
trap '"$here/server.sh" stop "$dir/server"; rm -rf "$dir"' EXIT
url=$("$here/server.sh" create "$dir/server") || { echo "the server does not start: $(tail -3 "$dir/server/log" 2>/dev/null)"; exit 1; }
ES_POSTGRESQL_URL=$url ES_POSTGRESQL_DIR=$dir/server ES_POSTGRESQL_CONTROL=$here/server.sh "$program"
