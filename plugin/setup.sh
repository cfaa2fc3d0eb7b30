#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Install the packages of plugin/packages.txt that are missing, then configure and build one preset.
#
#   plugin/setup.sh [--test] [PRESET]      PRESET: release (default), debug, asan, tsan
#
# Works as root or with sudo. Installing Debian's orthanc starts its service: a service that was not running before is stopped.
set -euo pipefail
cd "$(dirname "$0")/.."

kinds=build preset=release
for arg in "$@"; do
  case "$arg" in
    --test) kinds='build|test' ;;
    release | debug | asan | tsan) preset=$arg ;;
    *) sed -n '3,8p' "$0" >&2; exit 2 ;;
  esac
done

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo -n "$@" || sudo "$@"
  else echo "setup: installing packages needs root or sudo" >&2; exit 1
  fi
}

# Is Debian's Orthanc service running? (systemd where there is one, else by process name)
orthanc_runs() {
  if [ -d /run/systemd/system ]; then systemctl is-active --quiet orthanc
  else grep -qsx Orthanc /proc/[0-9]*/comm
  fi
}

missing=()
while read -r kind package _; do
  [[ $kind =~ ^($kinds)$ ]] || continue
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done <plugin/packages.txt

if [ ${#missing[@]} -gt 0 ]; then
  echo "setup: installing ${#missing[@]} packages: ${missing[*]}"
  was_running=no
  orthanc_runs && was_running=yes
  # A package's service is not started by its installation, unless an administrator has a policy of his own.
  policy=/usr/sbin/policy-rc.d made_policy=
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
    as_root chmod 755 $policy
    made_policy=yes
  fi
  drop_policy() { [ -z "$made_policy" ] || as_root rm -f $policy; made_policy=; }
  apt_log=$(mktemp)
  trap 'drop_policy; rm -f "$apt_log"' EXIT
  as_root apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$apt_log" 2>&1 ||
    { tail -20 "$apt_log" >&2; exit 1; }
  rm -f "$apt_log"
  drop_policy
  if [ $was_running = no ] && orthanc_runs; then
    if [ -d /run/systemd/system ]; then as_root systemctl stop orthanc; else as_root service orthanc stop || true; fi
  fi
fi

echo "setup: building ($preset)"
cmake --preset "$preset" >build-configure.log 2>&1 || { cat build-configure.log >&2; rm -f build-configure.log; exit 1; }
rm -f build-configure.log
if [ -t 1 ]; then cmake --build --preset "$preset"
else # no terminal: a line every so often, the whole log when it fails
  log=build/$preset/build.log
  cmake --build --preset "$preset" >"$log" 2>&1 & pid=$!
  while kill -0 $pid 2>/dev/null; do
    sleep 5
    printf 'setup: %s\n' "$(grep -oE '^\[[0-9]+/[0-9]+\]' "$log" | tail -1)"
  done
  wait $pid || { grep -vE '^\[' "$log" >&2; exit 1; }
fi
