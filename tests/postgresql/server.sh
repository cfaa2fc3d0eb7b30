#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A PostgreSQL server of a test's own: in a folder, on a free loopback port, stopped by process id.
#
#   server.sh create DIR    make the cluster, start it, make the database; prints the ledger's URL
#   server.sh start DIR | stop DIR | kill DIR
#   server.sh passwords ROLE DIR   from now on this role needs its password
#   server.sh here          is PostgreSQL installed? (exit status)
set -euo pipefail
export LC_ALL=C
bin=
for folder in /usr/lib/postgresql/*/bin; do [ -x "$folder/initdb" ] && bin=$folder; done
[ -n "$bin" ] || { command -v initdb >/dev/null && bin=$(dirname "$(command -v initdb)"); } || true
[ "${1:?}" != here ] || exec test -n "$bin"
dir=${*: -1}
[ $# -gt 1 ] || { echo "server.sh: expected a folder" >&2; exit 2; }

# The server refuses to run as root: then the package's own user runs it.
as_user() {
  if [ "$(id -u)" -eq 0 ]; then
    runuser -u postgres -- "$@"
  else
    "$@"
  fi
}
free_port() {
  local port
  while :; do
    port=$((10000 + RANDOM % 22000))
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
}
# The postmaster by its process id; it is away when its file is gone or names a process that ended.
pid_of() { head -1 "$dir/data/postmaster.pid" 2>/dev/null || true; }
running() {
  local pid
  pid=$(pid_of)
  [ -n "$pid" ] && [ -d "/proc/$pid" ]
}
start() {
  as_user "$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 60 start >/dev/null
}

case $1 in
  create)
    mkdir -p "$dir"
    if [ "$(id -u)" -eq 0 ]; then # every folder above must let the server's user in
      chown postgres "$dir"
      above=$(dirname "$dir")
      while [ "$above" != / ] && [ "$above" != . ]; do
        as_user test -x "$above" || chmod o+x "$above"
        above=$(dirname "$above")
      done
    fi
    port=$(free_port)
    as_user "$bin/initdb" -D "$dir/data" -U evensight --auth=trust --no-locale -E UTF8 >/dev/null
    as_user tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
shared_buffers = 16MB
CONF
    start
    as_user "$bin/createdb" -h 127.0.0.1 -p "$port" -U evensight ledger
    echo "postgresql://evensight@127.0.0.1:$port/ledger"
    ;;
  start) start ;;
  passwords)
    rest=$(cat "$dir/data/pg_hba.conf")
    printf 'host all %s 127.0.0.1/32 scram-sha-256\n%s\n' "${2:?a role}" "$rest" | as_user tee "$dir/data/pg_hba.conf" >/dev/null
    kill -HUP "$(pid_of)"
    ;;
  stop | kill)
    pid=$(pid_of)
    [ -n "$pid" ] || exit 0
    if [ "$1" = kill ]; then signal=QUIT; else signal=INT; fi # INT: fast; QUIT: at once, as a crash
    kill -$signal "$pid" 2>/dev/null || true
    for _ in $(seq 600); do
      running || exit 0
      sleep 0.1
    done
    echo "the server does not stop" >&2
    exit 1
    ;;
  *) echo "server.sh: found $1, expected create, start, stop, kill, passwords or here" >&2; exit 2 ;;
esac
