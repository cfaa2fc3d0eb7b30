#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The result objects in testdata/dicom/made are what make_results writes, and dsrdump and dciodvfy (dicom3tools) accept them.
here="$(cd "$(dirname "$0")/../.." && pwd)"
bad=0
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
"$MAKE_RESULTS" "$work" || exit 1
for made in "$work"/*.dcm; do
  name="$(basename "$made")"
  cmp -s "$made" "$here/testdata/dicom/made/$name" || { echo "FAILED $name: differs from the one in testdata"; bad=1; }
  case "$name" in sr-* | cad-* | ko-*)
    dsrdump -q "$made" >/dev/null 2>"$work/said" || { echo "FAILED $name: dsrdump: $(cat "$work/said")"; bad=1; } ;;
  esac
  if command -v dciodvfy >/dev/null; then
    if dciodvfy "$made" 2>&1 | grep '^Error'; then echo "FAILED $name: dciodvfy"; bad=1; fi
  fi
  echo "ok $name"
done
[ "$(ls "$work"/*.dcm | wc -l)" = "$(ls "$here"/testdata/dicom/made/*.dcm | wc -l)" ] || { echo "FAILED: another number of objects"; bad=1; }
command -v dciodvfy >/dev/null || echo "dciodvfy is not there: not asked"
exit $bad
