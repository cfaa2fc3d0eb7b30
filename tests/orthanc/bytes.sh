#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Orthanc stores, transcoding included, is bit for bit what it stores without the plugin: no dictionary, no decoder, no
# filter of ours changes it.
source "$(dirname "$0")/lib.sh"

make_stream --exams 20 --dicom "$work/dicom"
cp "$source_dir"/testdata/dicom/*.dcm "$source_dir"/testdata/dicom/*/*.dcm "$work/dicom/" 2>/dev/null
# The attributes DCMTK does not know, as their sender would write them and as UN, are where a plugin could do harm.
first=$(ls "$work"/dicom/000/*dx.dcm | head -1)
cp "$first" "$work/dicom/un.dcm"
code_item >"$work/item"
check "an object with a sequence as UN" dcmodify -q -nb -if "(0010,2161)=$work/item" -i '(0010,2160)=A' -gin "$work/dicom/un.dcm"
dcmconv -q +ti "$first" "$work/dicom/implicit.dcm" && dcmodify -q -nb -gin "$work/dicom/implicit.dcm"

# digest DIR: sorted MD5 sums of every stored file
digest() { find "$1/storage" -type f ! -name 'index*' -exec md5sum {} + | cut -d' ' -f1 | sort; }
transcoding='{"IngestTranscoding": "1.2.840.10008.1.2.1", "SynchronousCMove": true}'
for which in none "$plugin"; do
  dir=$work/$([ "$which" = none ] && echo without || echo with)
  configure "$dir" "$(evensight_section "$dir")" "$which" "$transcoding"
  check "$(basename "$dir"): Orthanc starts" start "$dir"
  send "$work/dicom" >/dev/null 2>&1
  [ "$which" = none ] || check "with: settled" wait_settled
  count=$(stored)
  check "$(basename "$dir"): stops" stop
  digest "$dir" >"$work/$(basename "$dir").md5"
  equal "$(basename "$dir"): a file for each of $count instances" "$(wc -l <"$work/$(basename "$dir").md5")" "$count"
done
check "the stored bytes are the same" diff "$work/without.md5" "$work/with.md5"
finish
