#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts down, used as a vendor would: pkg-config, the public header, the shared library, the manual page.
# BUILD names the build folder.
EVENSIGHT=unused
. "$(dirname "$0")/lib.sh"
: "${BUILD:?the build folder}"
root=$scratch/root

everything_is_installed() {
  check "cmake --install" cmake --install "$BUILD" --prefix "$root" >/dev/null
  local f
  for f in bin/evensight include/evensight.h share/man/man1/evensight.1 share/evensight/vocabularies/dicom-sex.csv \
    share/evensight/vocabularies/nhs-ethnic-category.csv share/doc/evensight/LICENSE; do
    check "$f" test -s "$root/$f"
  done
  same "rules that install a vocabulary" 1 "$(cat "$BUILD"/*/cmake_install.cmake "$BUILD"/*/*/cmake_install.cmake | grep -c 'vocabularies/dicom-sex\.csv')"
  if [ -e "$root/share/orthanc/plugins/libOrthancEvensight.so" ]; then
    contains "the plugin's terms" "GPL-3.0-or-later" "$root/share/doc/evensight/orthanc/COPYING"
    contains "and their text" "GNU GENERAL PUBLIC LICENSE" "$root/share/doc/evensight/orthanc/GPL-3.0-or-later.txt"
  fi
  check "the library" sh -c 'ls "$1"/lib/*/libevensight.so || ls "$1"/lib/libevensight.so' sh "$root" >/dev/null
}

only_the_public_calls_are_exported() {
  local lib exported
  lib=$(find "$root" -name 'libevensight.so' | head -1)
  exported=$(nm -D --defined-only "$lib" | awk '$2 ~ /[TDBRVW]/ {print $3}' | sed 's/@.*//' | grep -v '^EVENSIGHT_0$' | grep -cv '^evensight_')
  same "symbols that are not evensight_*" 0 "$exported"
}

a_vendor_program_links_and_runs() {
  cat >"$scratch/vendor.c" <<'C'
#include <evensight.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    static const char event[] = "{\"event\":\"exam\",\"study_uid\":\"1.2.3\",\"demographics\":{\"PatientSex\":\"F\"}}\n";
    evensight *site = NULL;
    evensight_receipt receipt = {.size = sizeof receipt};
    char *json = NULL;
    size_t length = 0;
    if (argc != 2 || evensight_open(&site, argv[1]) != EVENSIGHT_OK) { fprintf(stderr, "%s\n", evensight_error()); return 1; }
    if (evensight_take_events(site, event, strlen(event), &receipt) != EVENSIGHT_OK || receipt.taken != 1) return 2;
    if (evensight_take_events(site, "{\"event\":\"exam\",\"who\":1}", 24, &receipt) != EVENSIGHT_REFUSED) return 3;
    if (!strstr(evensight_error(), "who")) return 4;
    if (evensight_report(site, "json", &json, &length) != EVENSIGHT_OK || !strstr(json, "evensight-report/1")) return 5;
    evensight_free(json);
    if (evensight_report(site, "pdf", &json, &length) != EVENSIGHT_USAGE) return 6;
    evensight_close(site);
    return 0;
}
C
  local pc
  pc=$(dirname "$(find "$root" -name evensight.pc | head -1)")
  # shellcheck disable=SC2046
  check "compiles against the installed header" cc -std=c99 -Wall -Wextra -Werror "$scratch/vendor.c" -o "$scratch/vendor" \
    $(PKG_CONFIG_PATH=$pc pkg-config --cflags --libs evensight)
  cat >"$scratch/site.json" <<CONF
{"Site":"vendor","Ledger":"sqlite:$scratch/ledger.db","PseudonymKeyFile":"$scratch/site.key","Axes":[{"Name":"sex","Attribute":"PatientSex"}],
 "Models":[{"Name":"m","Findings":[{"Name":"f","Task":"binary","Threshold":0.5}]}]}
CONF
  local status=0
  LD_LIBRARY_PATH=$(dirname "$(find "$root" -name libevensight.so | head -1)") "$scratch/vendor" "$scratch/site.json" || status=$?
  same "the vendor's program" 0 $status
}

echo "installation"
test_case everything_is_installed
test_case only_the_public_calls_are_exported
test_case a_vendor_program_links_and_runs
finish
