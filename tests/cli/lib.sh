# SPDX-License-Identifier: Apache-2.0
# What the command-line tests share. Source it; then: test_case NAME FUNCTION ...; finish.
set -u
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
: "${EVENSIGHT:?the program under test}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
passed=0 failed=0
ok=

# check DESCRIPTION COMMAND...: the command must succeed
check() {
  local what=$1
  shift
  if ! "$@"; then echo "    FAILED: $what"; ok=no; fi
}
# same DESCRIPTION EXPECTED GOT
same() {
  if [ "$2" != "$3" ]; then printf '    FAILED: %s\n      expected: %s\n      got:      %s\n' "$1" "$2" "$3"; ok=no; fi
}
# contains DESCRIPTION NEEDLE FILE
contains() {
  if ! grep -qF -- "$2" "$3"; then printf '    FAILED: %s\n      expected to find: %s\n      in: %s\n' "$1" "$2" "$(head -c 400 "$3")"; ok=no; fi
}
# run EXPECTED-STATUS ARGUMENT...: the program; output in $out and $errors
run() {
  local want=$1 got=0
  shift
  out=$scratch/out errors=$scratch/errors
  "$EVENSIGHT" "$@" >"$out" 2>"$errors" || got=$?
  same "exit status of: evensight ${1:-} ..." "$want" "$got"
}
test_case() {
  ok=yes
  echo "  cli.$1"
  "$1"
  if [ $ok = yes ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
finish() {
  echo "$passed passed, $failed failed"
  [ $failed -eq 0 ]
  exit
}
