# SPDX-License-Identifier: Apache-2.0
# Canaries: unmistakable strings for every text of a message and every identifying attribute of a DICOM object, and how they are searched.
# Sourced by cli/canary.sh and orthanc/canary.sh.
canaries=(KANARIE 77001234 19500101)

# Every member but "event" is a text that is planted; UIDs and dates carry 77001234, all else KANARIE. Each base message is taken as it
# stands; then each of its texts is replaced in a message of its own, which is taken or refused.
canary_messages() { # canary_messages FOLDER: bases.jsonl, planted.jsonl
  cat >"$1/bases.jsonl" <<'BASES'
{"event":"exam","study_uid":"1.2.77001234.1","series_uid":"1.2.77001234.2","sop_uid":"1.2.77001234.3","accession":"A1","accession_issuer":"H","patient_id":"P1","patient_issuer":"H","study_date":"20250101","demographics":{"PatientSex":"F","PatientAge":"050Y","EthnicGroup":"A"},"acquisition":{"Modality":"DX","StationName":"CT1","InstitutionName":"H","ViewPosition":"PA"}}
{"event":"result","study_uid":"1.2.77001234.1","accession":"A1","patient_id":"P1","model":{"name":"m","version":"1","manufacturer":"ACME","device_uid":"1.2.77001234.9"},"unit":{"type":"exam"},"produced":"2025-01-01T10:00:00Z","status":"ok","findings":[{"finding":"f","score":0.7,"value":3,"units":"mm"}],"event_id":"E1","event_source":"pacs","sent":"2025-01-01T10:00:00Z"}
{"event":"result","study_uid":"1.2.77001234.1","model":{"name":"m"},"unit":{"type":"lesion","id":"L1"},"produced":"2025-01-01T10:00:00Z","findings":[{"finding":"f","score":0.7}]}
{"event":"failure","study_uid":"1.2.77001234.1","model":{"name":"m","version":"1"},"produced":"2025-01-01T10:00:00Z","status":"failed","reason":"timeout"}
{"event":"reference","study_uid":"1.2.77001234.1","source":"report","labeller":"Dr A","labeller_version":"1","status":"final","established":"2025-01-20T10:00:00Z","reader_saw_ai":"no","findings":[{"finding":"f","label":1}]}
{"event":"alias","study_uid":"1.2.77001234.1","same_as":"1.2.77001234.5"}
{"event":"patient_alias","patient_id":"P1","patient_issuer":"H","same_as":"P2","same_as_issuer":"H"}
{"event":"demographics","patient_id":"P1","patient_issuer":"H","source":"pas","valid_from":"20250101","attributes":{"imd_decile":"3","visits":"4"}}
{"event":"retract","retract_event_id":"E9","event_source":"pacs","reason":"sent_in_error"}
BASES
  # Values of axes may be plain words (a station's name, a linked level): theirs is none.
  jq -c 'def texts: [paths(type == "string") | select(. != ["event"])];
    . as $base | texts[] as $p | (["acquisition", "attributes"] | index($p[0])) as $axis
    | ((if $axis == null then "KANARIE Jansen" else "KANARIE=Jansen" end), "KANARIE^19500101 943 476 5919") as $word
    | $base | setpath($p; $word)' "$1/bases.jsonl" >"$1/planted.jsonl"
}

# Attributes that PS3.15 table E.1-1 names and that are text, by VR; those of persons, of places and of orders. Names of people are names;
# whatever could be a plain word to us (a station, a department) is none.
canary_names="0008,0090 0008,1048 0008,1050 0008,1060 0008,1070 0010,0010 0010,1001 0010,1005 0010,1060 0010,2297 0032,1032 0040,0006 0040,1010 0040,2008
  0040,a075 0070,0084"
canary_texts="0008,0050 0008,0080 0008,0081 0008,0092 0008,0094 0008,1010 0008,1030 0008,103e 0008,1040 0008,1080 0008,4000 0010,0020 0010,0021 0010,1000
  0010,1040 0010,1090 0010,2150 0010,2152 0010,2154 0010,2160 0010,2180 0010,21b0 0010,21f0 0010,4000 0018,1000 0018,1030 0018,4000 0020,0010 0020,4000
  0032,1033 0032,1060 0032,4000 0038,0010 0038,0300 0038,0400 0038,0500 0038,4000 0040,0253 0040,0254 0040,1001 0040,2009 0040,2010 0040,2016 0040,2017
  0040,2400"
canary_uids="0008,0018 0020,000d 0020,000e 0020,0052 0018,1002"
# canary_object FILE: planted in place; of a report the texts of its content too (observer, texts, meanings of codes)
canary_object() {
  local tag n=0 all=(-i "0010,0030=19500101")
  for tag in $canary_names; do all+=(-i "$tag=KANARIE^Jan"); done
  for tag in $canary_texts; do all+=(-i "$tag=KANARIE*19500101"); done
  for tag in $canary_uids; do n=$((n + 1)) && all+=(-i "$tag=1.2.77001234.$n"); done
  dcmodify -nb -q "${all[@]}" "$1" || return 1
  dcmdump "$1" 2>/dev/null | grep -q ContentSequence || return 0
  dcmodify -nb -q -ma "(0040,a123)=KANARIE^Observer" -ma "(0040,a160)=KANARIE report" -ma "(0008,0104)=KANARIE meaning" "$1"
  return 0
}

# canary_pattern WORD: in clear, in hex (both cases, by grep -i), in base64 at each of its three places, and in UTF-16
canary_pattern() {
  local word=$1 pattern i
  pattern="$word|$(printf %s "$word" | od -An -tx1 | tr -d ' \n')|$(printf %s "$word" | sed 's/./&\\x00/g; s/\\x00$//')"
  for i in 0 1 2; do # the middle of the encoding, which does not depend on what stands beside it
    pattern="$pattern|$(printf "%${i}s%s" "" "$word" | base64 | cut -c$((i == 0 ? 1 : i + 2))-$(((i + ${#word}) * 8 / 6)) | sed 's/[+]/[+]/g')"
  done
  echo "$pattern"
}
# canaries_in WORD PATH...: names of the files below that hold it
canaries_in() {
  local word=$1
  shift
  LC_ALL=C grep -raliP -- "$(canary_pattern "$word")" "$@" 2>/dev/null | xargs -r -n1 basename | sort | xargs
}
