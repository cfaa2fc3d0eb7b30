#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the plugin costs the archive: 2,000 images (a real CT header and pixels, 134 KB) of 40 series stored over HTTP by two senders,
# then by C-STORE, with the plugin and without, turn by turn in one run. Prints the summed time of OnStored as a share of storing time, its time per image by
# wall clock and by the thread's own processor time, and the ratio of storing rates beside the spread of the runs without.
# The clock stands outside the plugin (plugin/orthanc/measure.c): what is timed is what is shipped. Nothing is asserted.
#
#   tests/bench/bench_orthanc.sh [TURNS [SERIES [IMAGES]]]     3 turns, 40 series, 50 images each
source "$(dirname "$0")/../orthanc/lib.sh"
measure=$build/lib/libOrthancMeasure.so
[ -e "$measure" ] || skip "the measuring plugin was not built (ES_BENCH)"
turns=${1:-3} series=${2:-40} images=${3:-50}
total=$((series * images))

# One folder a series; UIDs of the same length as the original's, so that the bytes can be replaced in place.
perl -e '
  my ($source, $out, $series, $images) = @ARGV;
  open(my $in, "<:raw", $source) or die "$source: $!"; local $/; my $bytes = <$in>;
  my $root = "1.3.6.1.4.1.14519.5.2.1.7085.2626.";
  my ($study, $one, $sop) = map { $root . $_ } qw(192997540292073877946622133586 831285735928731782652048570955 310894536700672302243471156028);
  for my $s (0 .. $series - 1) {
    my $folder = sprintf("%s/%03d", $out, $s); mkdir($folder) or die;
    for my $i (0 .. $images - 1) {
      my $copy = $bytes;
      my ($a, $b, $c) = map { sprintf("%s%d%029d", $root, $$_[0], $$_[1]) } ([1, $s + 1], [2, $s + 1], [3, $s * $images + $i + 1]);
      $copy =~ s/\Q$study\E/$a/g; $copy =~ s/\Q$one\E/$b/g; $copy =~ s/\Q$sop\E/$c/g;
      $copy =~ s/C3N-00953/sprintf("C3N-%05d", $s)/ge;
      open(my $file, ">:raw", sprintf("%s/%04d.dcm", $folder, $i)) or die; print $file $copy; close $file;
    }
  }' "$source_dir/testdata/dicom/images/ct-m-041y-cptac.dcm" "$(mkdir -p "$work/dicom" && echo "$work/dicom")" "$series" "$images" || exit 1
find "$work/dicom" -name '*.dcm' | sort >"$work/list"

# Two connections that stay open, half of the series each.
by_http() {
  local half sender=()
  for half in 0 1; do
    awk -v half=$half -v n="$((total / 2))" -v url="$url" 'half == (NR > n) {
      print (k++ ? "next\n" : "") "url=" url "/instances\ndata-binary=@" $0 "\nheader=Expect:\noutput=/dev/null\nsilent\nfail" }' "$work/list" >"$work/half.$half"
    curl -K "$work/half.$half" &
    sender+=($!)
  done
  wait "${sender[@]}"
}
by_store() { xargs dcmsend --quiet 127.0.0.1 "$dicom_port" <"$work/list"; }
now() { date +%s.%N; }

# turn WAY WITH N: start, store, print seconds, stop
turn() {
  local way=$1 with=$2 dir=$work/$1.$2.$3 begin end library=none
  [ "$with" = with ] && library=$measure
  configure "$dir" "$([ "$with" = with ] && evensight_section "$dir" || echo null)" "$library" '{"KeepAlive": true, "TcpNoDelay": true}'
  ES_MEASURE_PLUGIN=$plugin ES_MEASURE_OUT=$work/$way.times.$3 start "$dir" || exit 1
  [ "$with" = with ] && wait_settled >/dev/null
  begin=$(now)
  by_$way || { echo "a sender failed"; exit 1; }
  end=$(now)
  [ "$(stored)" = "$total" ] || { echo "not everything was stored"; exit 1; }
  if [ "$with" = with ]; then
    wait_settled 120 >/dev/null
    [ "$(curl -sf "$root/report" | jq '.models[0].findings[0].groups[0].funnel.seen')" = "$series" ] || echo "note: not every exam is counted"
  fi
  stop
  rm -rf "$dir/storage"
  awk -v a="$begin" -v b="$end" 'BEGIN { printf "%.3f\n", b - a }' >>"$work/$way.$with"
}

# What a file costs without an archive: its bytes copied and synced, in the same run.
begin=$(now)
cp -r "$work/dicom" "$work/copy" && sync "$work/copy"
end=$(now)
rm -rf "$work/copy"
awk -v a="$begin" -v b="$end" -v n=$total 'BEGIN { printf "floor: %d files copied in %.2f s\n", n, b - a }'
echo "processors: $(nproc), processes waiting for them: $(cut -d' ' -f1 /proc/loadavg) (what else runs makes every cache cold between two calls)"
for way in http store; do
  for t in $(seq "$turns"); do
    turn $way without "$t"
    turn $way with "$t"
  done
  turn $way without last
  sort -n "$work/$way.without" >"$work/without.sorted"
  sort -n "$work/$way.with" >"$work/with.sorted"
  median() { awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }' "$1"; }
  storing=$(awk '{ s += $1 } END { print s }' "$work/$way.with")
  printf '\n%s: %d images of %d series, %d turns\n' "$([ $way = http ] && echo 'HTTP' || echo 'C-STORE')" "$total" "$series" "$turns"
  awk -v n=$total -v w="$(median "$work/without.sorted")" -v p="$(median "$work/with.sorted")" 'NR == 1 { low = $1 } { high = $1 }
    END { printf "  images/s without %.0f, with %.0f: ratio %.3f; without/without slowest to fastest %.3f\n", n / w, n / p, w / p, low / high }' "$work/without.sorted"
  # What each column of the calls sums to, and the medians; the first image of a series apart. HTTP: two senders, so calls mix: all together.
  cat "$work/$way".times.[0-9]* >"$work/$way.times"
  awk -v storing="$storing" '{ w += $1; c += $2 } END { printf "  OnStored, summed: %.4f %% of storing time by wall clock, %.4f %% by its own processor time (aim: 0.5)\n",
    100e-9 * w / storing, 100e-9 * c / storing }' "$work/$way.times"
  for class in first known; do
    [ $way = http ] && [ $class = first ] && continue
    for column in 1 2 3; do
      awk -v class=$class -v images="$images" -v column=$column -v way=$way 'way == "http" || (class == "first") == ((NR - 1) % images == 0) { print $column }' \
        "$work/$way.times" | sort -n >"$work/column.$column"
    done
    what="image of a known series" aim=10
    [ $class = known ] || what="image of a new series" aim=25
    [ $way = store ] || what="any image"
    paste "$work"/column.[123] | awk -v what="$what" -v aim=$aim '{ w[NR] = $1; c[NR] = $2; s[NR] = $3; sw += $1 }
      END { h = int((NR + 1) / 2); q = int(NR * 0.99) > 0 ? int(NR * 0.99) : 1
        printf "  %s: wall median %.1f (of it %.1f in calls to Orthanc), mean %.1f, 99 %% %.1f us; processor median %.1f us (aim: %d)\n", what, w[h] / 1e3, s[h] / 1e3, sw / NR / 1e3, w[q] / 1e3, c[h] / 1e3, aim }'
  done
done
rm -rf "$work"
