#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real predictions through `evensight ingest` (JSON Lines) and `evensight report -f json`: every figure against what others published
# or computed (testdata/predictions: AUROC by the model's authors; counts and rates by scikit-learn and statsmodels).
# EVENSIGHT names the program under test, MAKE_STREAM the program that writes the stream.
. "$(dirname "$0")/lib.sh"
: "${MAKE_STREAM:?the stream writer}"
data=$source_dir/testdata/predictions
shopt -s lastpipe # agree, at the end of a pipe, sets $ok

# agree NAME: standard input holds "key expected got" lines; every pair within 1e-9, and at least $2 lines
agree() {
  awk -v least="$2" '
    { lines++; d = $2 - $3; if (d < 0) d = -d
      if ($2 == "" || $3 == "" || $2 == "NA" || $3 == "null" || d > 1e-9) { bad++; if (bad <= 5) print "    FAILED: " $1 ": expected " $2 ", got " $3 } }
    END { if (lines < least) { print "    FAILED: " lines + 0 " figures compared, expected at least " least; bad++ }; print "    " lines + 0 " figures"; exit bad > 0 }' || ok=no
  echo "    $1: compared"
}

# metric lines of a report: finding|axes|levels|metric value; crossings are joined by "&"
figures() {
  jq -r '
    def value(name): .metrics[name].value;
    def limits(name; method; column): (.metrics[name].unclustered // [])[] | select(.method == method) | ["\(column)_lo", .lo], ["\(column)_hi", .hi];
    .models[].findings[] | .finding as $f | .groups[] | (.group | to_entries) as $g | select(($g | length) <= 2) |
    (if ($g | length) == 0 then "all|all" else "\([$g[].key] | join("&"))|\([$g[].value] | join("&"))" end) as $key |
    (["n", .cases], ["n_pos", .denominators.positives], ["n_neg", .denominators.negatives],
     ["prevalence", value("prevalence")], ["sens", value("sensitivity")], ["spec", value("specificity")], ["ppv", value("ppv")],
     ["npv", value("npv")], ["auroc", value("auroc")], ["mean_score", value("mean_score")], ["oe", value("oe_ratio")],
     ["brier", value("brier")], ["ece10", value("ece10")], ["cal_intercept", value("calibration_in_the_large")],
     ["cal_slope", value("calibration_slope")], limits("auroc"; "delong"; "auroc_proc"),
     limits("sensitivity"; "wilson"; "sens_wilson"), limits("sensitivity"; "clopper-pearson"; "sens_cp"),
     limits("specificity"; "wilson"; "spec_wilson"), limits("specificity"; "clopper-pearson"; "spec_cp"),
     limits("ppv"; "wilson"; "ppv_wilson"), limits("ppv"; "clopper-pearson"; "ppv_cp"),
     limits("npv"; "wilson"; "npv_wilson"), limits("npv"; "clopper-pearson"; "npv_cp")) |
    "\($f)|\($key)|\(.[0])\t\(.[1])"' "$1" | sort
}

# the same of an expected file (CSV with quoted names, no commas inside fields)
expected() { # expected FILE AXIS-OF-AGE
  awk -F, -v age="$2" '
    { for (i = 1; i <= NF; i++) gsub(/"/, "", $i) }
    NR == 1 { for (i = 1; i <= NF; i++) c[$i] = i; next }
    $c["subset"] == "all" {
      axes = $c["dim"]; levels = $c["group"]; sub(/age_band/, age, axes); gsub(/\|/, "\\&", axes); gsub(/\|/, "\\&", levels)
      sub(/^female/, "F", levels); sub(/^male/, "M", levels); sub(/\(missing\)/, "unknown", levels)
      key = tolower($c["task"]) "|" axes "|" levels
      k = split("n n_pos n_neg prevalence sens spec ppv npv auroc mean_score oe brier ece10 cal_intercept cal_slope auroc_proc_lo " \
        "auroc_proc_hi sens_wilson_lo sens_wilson_hi sens_cp_lo sens_cp_hi spec_wilson_lo spec_wilson_hi spec_cp_lo spec_cp_hi " \
        "ppv_wilson_lo ppv_wilson_hi ppv_cp_lo ppv_cp_hi npv_wilson_lo npv_wilson_hi npv_cp_lo npv_cp_hi", m, " ")
      for (i = 1; i <= k; i++) if ($c[m[i]] != "" && $c[m[i]] != "NA") print key "|" m[i] "\t" $c[m[i]] }' "$1" | sort
}

nih_chexnet_equals_what_was_published() {
  local dir=$scratch/nih
  mkdir -p "$dir"
  sed -e 's/"30d"/"0d"/' -e 's/"floor:5"/"none"/' "$source_dir/testdata/demo.json" >"$dir/conf.json"
  check "the stream is written" "$MAKE_STREAM" --jsonl "$dir/stream.jsonl" "$data/nih-chexnet/predictions.csv" >/dev/null
  run 0 ingest -c "$dir/conf.json" "$dir/stream.jsonl"
  contains "everything is taken" "taken 67299, revised 0, duplicates 0, refused 0" "$errors"
  run 0 report -c "$dir/conf.json" -f json -o "$dir/report.json"
  jq -r '.models[].findings[] | "\(.finding)\t\(.groups[0].metrics.auroc.value)"' "$dir/report.json" | sort >"$dir/auroc"
  awk -F, 'NR > 1 { print tolower($1) "\t" $2 }' "$data/nih-chexnet/published_auc.csv" | sort >"$dir/published"
  join "$dir/published" "$dir/auroc" | agree "seven AUROCs against published_auc.csv" 7
  figures "$dir/report.json" >"$dir/got"
  expected "$data/expected/nih-chexnet.csv" age >"$dir/want"
  # every group of up to two axes that both have: counts, rates with both limits, AUROC with DeLong's, calibration
  join -t "$(printf '\t')" "$dir/want" "$dir/got" | tr '\t' ' ' | agree "every figure by sex, age, view and two of them" 5474
  same "ethnicity is unknown for everyone" 22433 \
    "$(jq '.models[0].findings[0].groups[] | select(.group == {"ethnicity": "unknown"}) | .cases' "$dir/report.json")"
  same "and no other level of it exists" 1 \
    "$(jq '[.models[0].findings[0].groups[] | select((.group | keys) == ["ethnicity"] and .cases > 0)] | length' "$dir/report.json")"
}

# A file of predictions, by rules of Intake alone: one for each kind of event that a row holds.
support2_by_mapping_equals_and_shows_42_of_unknown_race() {
  local dir=$scratch/support2
  mkdir -p "$dir"
  cat >"$dir/conf.json" <<'CONF'
{ "Site": "support2", "Ledger": "sqlite:ledger.db", "PseudonymKeyFile": "site.key",
  "Axes": [ {"Name":"sex","Attribute":"PatientSex"}, {"Name":"age","Attribute":"PatientAge","Bands":[0,18,40,60,80]},
            {"Name":"race","Linked":"race"} ],
  "Models": [ {"Name":"support","Findings":[{"Name":"surv6m","Task":"binary","Threshold":0.5,"ReferenceWithin":"0d"}]} ],
  "Intake": [
    {"Name":"patients","Kind":"csv","Files":["predictions.csv"],"Event":"exam",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.9"}, "patient_id":{"Column":"patient_id","Prefix":"P"}, "study_date":{"Constant":"19940101"},
            "demographics":{"PatientSex":{"Column":"sex","Values":{"female":"F","male":"M"}},
                            "PatientAge":{"Column":"age","Pattern":"^([0-9]+)","Digits":3,"Suffix":"Y"}}}},
    {"Name":"race","Kind":"csv","Files":["predictions.csv"],"Event":"demographics","Source":"linkage",
     "Map":{"patient_id":{"Column":"patient_id","Prefix":"P"}, "valid_from":{"Constant":"19890101"}, "attributes":{"race":"race"}}},
    {"Name":"scores","Kind":"csv","Files":["predictions.csv"],"Event":"result","Model":"support","Version":"1",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.9"}, "produced":{"Constant":"1994-01-01T12:00:00Z"},
            "findings":[{"finding":{"Constant":"surv6m"},"score":"surv6m"}]}},
    {"Name":"follow-up","Kind":"csv","Files":["predictions.csv"],"Event":"reference","Source":"follow-up",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.9"}, "established":{"Constant":"1994-08-01T12:00:00Z"}, "reader_saw_ai":{"Constant":"no"},
            "findings":[{"finding":{"Constant":"surv6m"},"label":"alive_180d"}]}} ],
  "Disclosure": {"Internal":"none"} }
CONF
  run 0 ingest -c "$dir/conf.json" "$data/support2/predictions.csv"
  # 9105 exams, races and references; one patient has no score
  contains "everything is taken" "taken 36419, revised 0, duplicates 0, refused 0, files that say nothing here 0, records that say nothing 1" "$errors"
  run 0 report -c "$dir/conf.json" -f json -o "$dir/report.json"
  figures "$dir/report.json" | sed -e 's/^surv6m/alive_180d by surv6m/' | sort >"$dir/got"
  expected "$data/expected/support2.csv" age | sort >"$dir/want"
  # all figures of each group that both have
  join -t "$(printf '\t')" "$dir/want" "$dir/got" | tr ' ' '_' | tr '\t' ' ' | agree "every figure by sex, age, race" 403
  same "race missing is a group" 42 \
    "$(jq '.models[0].findings[0].groups[] | select(.group == {"race": "unknown"}) | .funnel.seen' "$dir/report.json")"
}

# pROC's own example (GPL-3, beside the tree; skipped when it is not there): three markers in one row, brought to 0..1,
# where scores of binary findings lie: ranks and thresholds stay.
asah_by_mapping_equals_proc() {
  local dir=$scratch/asah bulk=$source_dir/../shared/data/predictions
  [ -r "$bulk/asah/asah.csv" ] || bulk=${EVENSIGHT_BULK:-}/predictions
  if [ ! -r "$bulk/asah/asah.csv" ]; then echo "    skipped: asah is not here"; return; fi
  mkdir -p "$dir"
  cat >"$dir/conf.json" <<'CONF'
{ "Site": "asah", "Ledger": "sqlite:ledger.db", "PseudonymKeyFile": "site.key",
  "Axes": [ {"Name":"gender","Attribute":"PatientSex"}, {"Name":"age","Attribute":"PatientAge","Bands":[0,18,40,60,80]} ],
  "Models": [ {"Name":"markers","Findings":[ {"Name":"s100b","Task":"binary","Threshold":0.0205,"ReferenceWithin":"0d"},
                                             {"Name":"wfns","Task":"binary","Threshold":0.35,"ReferenceWithin":"0d"},
                                             {"Name":"ndka","Task":"binary","Threshold":0.01108,"ReferenceWithin":"0d"} ]} ],
  "Intake": [
    {"Name":"patients","Kind":"csv","Files":["asah.csv"],"Event":"exam",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.8"}, "patient_id":{"Column":"patient_id","Prefix":"P"}, "study_date":{"Constant":"20090101"},
            "demographics":{"PatientSex":{"Column":"gender","Values":{"Female":"F","Male":"M"}}, "PatientAge":{"Column":"age","Digits":3,"Suffix":"Y"}}}},
    {"Name":"markers","Kind":"csv","Files":["asah.csv"],"Event":"result","Model":"markers","Version":"1",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.8"}, "produced":{"Constant":"2009-01-01T12:00:00Z"},
            "findings":[ {"finding":{"Constant":"s100b"},"score":{"Column":"s100b","Scale":0.1}}, {"finding":{"Constant":"wfns"},"score":{"Column":"wfns","Scale":0.1}},
                         {"finding":{"Constant":"ndka"},"score":{"Column":"ndka","Scale":0.001}} ]}},
    {"Name":"outcome","Kind":"csv","Files":["asah.csv"],"Event":"reference","Source":"outcome",
     "Map":{"study_uid":{"Column":"patient_id","Prefix":"2.25.8"}, "established":{"Constant":"2009-07-01T12:00:00Z"}, "reader_saw_ai":{"Constant":"no"},
            "findings":[ {"finding":{"Constant":"s100b"},"label":{"Column":"outcome","Values":{"Good":0,"Poor":1}}},
                         {"finding":{"Constant":"wfns"},"label":{"Column":"outcome","Values":{"Good":0,"Poor":1}}},
                         {"finding":{"Constant":"ndka"},"label":{"Column":"outcome","Values":{"Good":0,"Poor":1}}} ]}} ],
  "Plan": {"MinimumCases":1,"MinimumPatients":1}, "Disclosure": {"Internal":"none"} }
CONF
  run 0 ingest -c "$dir/conf.json" "$bulk/asah/asah.csv"
  contains "everything is taken" "taken 339, revised 0, duplicates 0, refused 0" "$errors"
  run 0 report -c "$dir/conf.json" -f json -o "$dir/report.json"
  figures "$dir/report.json" | sed -e 's/|gender|F|/|gender|Female|/' -e 's/|gender|M|/|gender|Male|/' | sort >"$dir/got"
  expected "$bulk/expected/asah.csv" age | sort >"$dir/want"
  # three markers, everyone + 2 genders + 4 age bands, 5 figures each, less what cannot be estimated
  join -t "$(printf '\t')" "$dir/want" "$dir/got" | tr '\t' ' ' | agree "every figure by gender and age" 528
  # pROC's tests (tests/testthat at commit ee2877e): AUROC of the three
  jq -r '.models[].findings[] | "\(.finding) \(.groups[0].metrics.auroc.value)"' "$dir/report.json" | sort >"$dir/auroc"
  printf 'ndka 0.611957994579946\ns100b 0.731368563685637\nwfns 0.823678861788618\n' | sort | join - "$dir/auroc" | agree "three AUROCs against pROC" 3
}

# A chest segmentation against a physician's (GPL-3, beside the tree; skipped when it is not there): masks as runs in a CSV, lungs as
# two stretches. Per group the mean Dice and IoU that independent programs computed from the published values of each image.
chest_masks_by_mapping_equal_the_published_dice() {
  local dir=$scratch/chexmask bulk=$source_dir/../shared/data/predictions
  [ -r "$bulk/chexmask-nih/masks.csv" ] || bulk=${EVENSIGHT_BULK:-}/predictions
  if [ ! -r "$bulk/chexmask-nih/masks.csv" ]; then echo "    skipped: chexmask-nih is not here"; return; fi
  mkdir -p "$dir"
  local shape='"mask_rows":{"Column":"height"},"mask_columns":{"Column":"width"},"mask_image":{"Column":"image_index"}'
  local study='"study_uid":{"Column":"image_index","Pattern":"([0-9]+)_[0-9]+\\.png","Prefix":"2.25.9"}'
  cat >"$dir/conf.json" <<CONF
{ "Site": "chest", "Ledger": "sqlite:ledger.db", "PseudonymKeyFile": "site.key",
  "Axes": [ {"Name":"sex","Attribute":"PatientSex"}, {"Name":"view","Attribute":"ViewPosition"} ],
  "Models": [ {"Name":"hybridgnet","Findings":[ {"Name":"lungs","Task":"segmentation","ReferenceWithin":"0d"},
                                                {"Name":"heart","Task":"segmentation","ReferenceWithin":"0d"} ]} ],
  "Intake": [
    {"Name":"patients","Kind":"csv","Files":["masks.csv"],"Event":"exam",
     "Map":{$study, "patient_id":{"Column":"patient_id","Prefix":"P"}, "study_date":{"Constant":"20170901"},
            "demographics":{"PatientSex":{"Column":"sex"}}, "acquisition":{"ViewPosition":{"Column":"view"}}}},
    {"Name":"masks","Kind":"csv","Files":["masks.csv"],"Event":"result","Model":"hybridgnet","Version":"1",
     "Map":{$study, "produced":{"Constant":"2017-09-01T12:00:00Z"},
            "findings":[ {"finding":{"Constant":"lungs"},"mask_rle":{"Column":"ai_left_lung"},"mask_rle_2":{"Column":"ai_right_lung"},$shape},
                         {"finding":{"Constant":"heart"},"mask_rle":{"Column":"ai_heart"},$shape} ]}},
    {"Name":"physician","Kind":"csv","Files":["masks.csv"],"Event":"reference","Source":"physician",
     "Map":{$study, "established":{"Constant":"2017-10-01T12:00:00Z"}, "reader_saw_ai":{"Constant":"no"},
            "findings":[ {"finding":{"Constant":"lungs"},"mask_rle":{"Column":"ref_left_lung"},"mask_rle_2":{"Column":"ref_right_lung"},$shape},
                         {"finding":{"Constant":"heart"},"mask_rle":{"Column":"ref_heart"},$shape} ]}} ],
  "Plan": {"MinimumCases":1,"MinimumPatients":1}, "Disclosure": {"Internal":"none"} }
CONF
  run 0 ingest -c "$dir/conf.json" "$bulk/chexmask-nih/masks.csv"
  contains "everything is taken" "taken 150, revised 0, duplicates 0, refused 0" "$errors"
  run 0 report -c "$dir/conf.json" -f json -o "$dir/report.json"
  jq -r '.models[].findings[] | .finding as $f | .groups[] | .metrics as $m | (.group | to_entries) as $g | select(($g | length) <= 1) |
    (if ($g | length) == 0 then "all|all" else "\($g[0].key)|\($g[0].value)" end) as $key |
    ["dice", "iou"][] | "\(.)_\($f)|\($key)\t\($m[.].value)"' "$dir/report.json" | sort >"$dir/got"
  awk -F, '($1 == "all" || $1 == "sex" || $1 == "view") && $3 ~ /^(dice|iou)_/ { print $3 "|" $1 "|" $2 "\t" $5 }' "$bulk/expected/chexmask-nih.csv" |
    sort >"$dir/want"
  join -t "$(printf '\t')" "$dir/want" "$dir/got" | tr '\t' ' ' | agree "mean Dice and IoU by sex and view" 20
}

echo "real predictions"
test_case nih_chexnet_equals_what_was_published
test_case support2_by_mapping_equals_and_shows_42_of_unknown_race
test_case asah_by_mapping_equals_proc
test_case chest_masks_by_mapping_equal_the_published_dice
finish
