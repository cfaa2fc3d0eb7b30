#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every example rule set parses and reads its sample: what `evensight facts --explain` says of it is compared byte for byte.
# ES_RENEW_GOLDEN=1 writes the expected files anew.
here="$(cd "$(dirname "$0")/../.." && pwd)"
rules="$here/plugin/program/rules" golden="$here/testdata/golden"
bad=0
cd "$here/testdata/dicom" || exit 1
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# explain RULES NAME FILE...: NAME.json holds what is said of these files under these rules
explain() {
  local set="$rules/$1.json" name="explain-$2"
  shift 2
  "$EVENSIGHT" facts --explain --pretty -c "$set" "$@" >"$work/$name.json" || { echo "FAILED $name: status"; bad=1; return; }
  if [ -n "$ES_RENEW_GOLDEN" ]; then cp "$work/$name.json" "$golden/$name.json"; fi
  if cmp -s "$work/$name.json" "$golden/$name.json"; then echo "ok $name"
  else echo "FAILED $name"; diff "$golden/$name.json" "$work/$name.json" | head -20; bad=1; fi
  for words in MADE-1 Nobody 2.25.46811 "suspected" "Flagged" "Small left"; do # nothing of the patient's
    if grep -q -- "$words" "$work/$name.json"; then echo "FAILED $name: holds $words"; bad=1; fi
  done
}
explain tid1500-probability tid1500 made/sr-probability.dcm ai-sr/sr-tid1500-pet-tumour.dcm
explain mammography-cad cad made/cad-mammography.dcm made/cad-mammography-failed.dcm made/cad-chest-none.dcm
explain gsps-private-tag gsps made/gsps-private.dcm made/sc-screen.dcm images/ct-m-043y.dcm
explain seg-volume seg ai-seg/seg-ct-binary.dcm ai-seg/seg-pet-tumour.dcm ai-seg/seg-cr-binary.dcm ai-seg/seg-ct-liver-label.dcm
explain report-text text made/sr-basic-text.dcm made/ko-of-interest.dcm made/pdf-report.dcm

for set in "$rules"/*.json; do # each one parses, and is explained by a golden file or a test of its own
  "$EVENSIGHT" facts --explain -c "$set" images/ct-m-043y.dcm >/dev/null || { echo "FAILED $set"; bad=1; }
done
refused="$("$EVENSIGHT" facts --explain made/sr-probability.dcm 2>&1)"
[ $? -eq 2 ] && [ "$refused" = "evensight facts: --explain and -c CONF go together" ] || { echo "FAILED usage: $refused"; bad=1; }
exit $bad
