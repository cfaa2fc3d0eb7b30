/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/config/config.h"
#include "testlib.h"

static struct es_config *parse(const char *text)
{
    struct es_config *config = NULL;
    struct es_error err = {0};
    const enum es_errc code = es_config_parse(&config, text, strlen(text), NULL, &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    return config;
}

#define MODEL "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]}]"

/* One fault a row: the configuration, and the message. %s-free: compared whole. */
static void every_fault_has_its_message(void)
{
    static const struct { const char *text, *message; } cases[] = {
        /* text and shape */
        {"", "configuration: line 1, column 1: the text ends too early"},
        {"{", "configuration: line 1, column 2: the text ends too early"},
        {"{} x", "configuration: line 1, column 4: found what is no JSON"},
        {"{\n  \"a\": /* c */ nul }", "configuration: line 2, column 16: found what is no JSON"},
        {"{ /* open", "configuration: line 1, column 3: found a comment without its end"},
        {"{\"a\":\"\\u0000\"}", "configuration: line 1, column 7: found \\u0000 in a string, which no text may hold"},
        {"{\"a\":\"\xff\"}", "configuration: found bytes that are no UTF-8 text"},
        {"[]", "Evensight: found list, expected an object"},
        {"{\"Evensight\":3}", "Evensight: found number 3, expected an object"},
        {"{}", "Models: found nothing, expected this key"},
        {"{\"Models\":[]}", "Models: found a list of 0, expected at least 1"},
        {"{\"Models\":{}}", "Models: found object, expected a list"},
        {"{" MODEL ",\"Sit\":1}", "Sit: unknown key, did you mean Site?"},
        {"{" MODEL ",\"site\":\"a\"}", "site: unknown key, did you mean Site?"},
        {"{" MODEL ",\"Site\":\"a\",\"Site\":\"b\"}", "Site: given twice, expected once"},
        /* plain keys */
        {"{" MODEL ",\"Enable\":\"yes\"}", "Enable: found string \"yes\", expected true or false"},
        {"{" MODEL ",\"Site\":null}", "Site: found null, expected a name of at most 64 characters"},
        {"{" MODEL ",\"Site\":\"\"}", "Site: found string \"\", expected a name of 1 to 64 characters of A-Z a-z 0-9 space _ . + - (no space at its ends)"},
        {"{" MODEL ",\"Root\":\"evensight\"}", "Root: found string \"evensight\", expected a path such as \"/evensight/\" of a-z 0-9 _ - /"},
        {"{" MODEL ",\"Ledger\":\"/x.db\"}", "Ledger: found string \"/x.db\", expected \"sqlite:PATH\" or \"postgresql://...\""},
        {"{" MODEL ",\"PseudonymKeyFile\":\"\"}", "PseudonymKeyFile: found string \"\", expected a file name"},
        {"{" MODEL ",\"MaskStoreLimit\":-1}", "MaskStoreLimit: found number -1, expected a whole number in 0..1048576"},
        {"{" MODEL ",\"MaskStoreLimit\":\"1G\"}", "MaskStoreLimit: found string \"1G\", expected a whole number in 0..1048576"},
        {"{" MODEL ",\"MaximumLevels\":65}", "MaximumLevels: found number 65, expected a whole number in 2..64"},
        {"{" MODEL ",\"MaximumLevels\":2.5}", "MaximumLevels: found number 2.5, expected a whole number in 2..64"},
        {"{" MODEL ",\"ReferencePopulation\":\"/nonexistent.csv\"}", "ReferencePopulation: found \"/nonexistent.csv\", which cannot be read (No such file or directory), expected a CSV file"},
        {"{" MODEL ",\"Exclude\":[\"phantoms\"]}", "Exclude[0]: found string \"phantoms\", expected \"identity_removed\""},
        {"{" MODEL ",\"Note\":\"a\\nb\"}", "Note: found string \"a b\", expected a text of at most 511 bytes without control characters"},
        {"{" MODEL ",\"Disclosure\":{\"Internal\":\"floor:1\"}}", "Disclosure.Internal: found string \"floor:1\", expected \"none\", \"nhs\" or \"floor:N\" with N in 2..1000"},
        {"{" MODEL ",\"Disclosure\":{\"ReleaseEvery\":\"30s\"}}", "Disclosure.ReleaseEvery: found \"30s\", expected at least \"1m\""},
        {"{" MODEL ",\"Disclosure\":{\"ReleaseEvery\":30}}", "Disclosure.ReleaseEvery: found number 30, expected a duration such as \"90s\", \"15m\", \"1h\" or \"30d\", at most 36500d"},
        {"{" MODEL ",\"Disclosure\":{\"Public\":\"nhs\"}}", "Disclosure.Public: unknown key, expected one of Internal, External, ReleaseEvery"},
        /* axes */
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\"}]}", "Axes[0]: found none of Attribute and Linked, expected exactly one"},
        {"{" MODEL ",\"Axes\":[{\"Attribute\":\"PatientSex\"}]}", "Axes[0].Name: found nothing, expected this key"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientName\"}]}", "Axes[0].Attribute: found string \"PatientName\", expected the PS3.6 keyword of an attribute that is read, such as PatientSex or ViewPosition"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientSex\",\"Linked\":\"x\"}]}", "Axes[0]: found both of Attribute and Linked, expected exactly one"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Linked\":\"PatientSex\"}]}", "Axes[0]: found Linked \"PatientSex\", which is an attribute of the header; expected Attribute"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientSex\",\"Bands\":[1]}]}", "Axes[0]: found Bands, expected them with PatientAge or Linked only"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientAge\",\"Bands\":[]}]}", "Axes[0].Bands: found a list of 0, expected at least 1"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,18]}]}", "Axes[0].Bands[2]: found number 18, expected a whole number in 19..90, greater than the edge before"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientAge\",\"Bands\":[0,100]}]}", "Axes[0].Bands[1]: found number 100, expected a whole number in 1..90, greater than the edge before"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"PatientAge\",\"Bands\":[\"0\"]}]}", "Axes[0].Bands[0]: found string \"0\", expected a whole number in 0..90, greater than the edge before"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroup\",\"Level\":\"group\"}]}", "Axes[0]: found Level \"group\" without Vocabulary, expected both"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\",\"Level\":\"fine\"}]}", "Axes[0].Level: found string \"fine\", expected one of \"value\", \"group\""},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"/none.csv\"}]}", "Axes[0].Vocabulary: found \"/none.csv\", which cannot be read; expected a CSV file or the name of a vocabulary"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":1}]}", "Axes[0].Vocabulary: found number 1, expected the name of a vocabulary or of a CSV file"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Linked\":\"x\",\"Bands\":[1],\"Vocabulary\":\"dicom-sex\"}]}", "Axes[0]: found both of Bands and Vocabulary, expected at most one"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Linked\":\"x\"},{\"Name\":\"a\",\"Linked\":\"y\"}]}", "Axes[1]: found a second axis named \"a\", expected names that differ"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"dicom-sex\"},{\"Name\":\"b\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\"}]}", "Axes[1]: found another vocabulary or bands than axis \"a\" has for the same attribute"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"s\",\"Attribute\":\"PatientSex\"},{\"Name\":\"e\",\"Attribute\":\"EthnicGroup\"}]}", "Axes[1].Vocabulary: found none, expected one: EthnicGroup holds free text"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"e\",\"Attribute\":\"EthnicGroups\"}]}", "Axes[0].Vocabulary: found none, expected one: EthnicGroups holds free text"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"e\",\"Attribute\":\"CountryOfResidence\"}]}", "Axes[0].Vocabulary: found none, expected one: CountryOfResidence holds free text"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Linked\":\"x\",\"Bands\":[0,100000]}]}", "Axes[0].Bands[1]: found number 100000, expected a whole number in 1..99999, greater than the edge before"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Linked\":\"x\",\"Multiple\":\"multiple\"}]}", "Axes[0]: found Multiple without Vocabulary, expected both"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\",\"Multiple\":\"any\"}]}", "Axes[0].Multiple: found string \"any\", expected one of \"multiple\", \"alone-or-in-combination\""},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\",\"Combination\":\"White\"}]}", "Axes[0]: found Combination without Multiple \"alone-or-in-combination\", expected both"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\",\"Multiple\":\"alone-or-in-combination\",\"Combination\":\"Purple\"}]}", "Axes[0].Combination: found \"Purple\", expected a level of the vocabulary"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"a\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\",\"Multiple\":\"alone-or-in-combination\"},{\"Name\":\"a White\",\"Linked\":\"x\"}]}", "Axes[1]: found a second axis named \"a White\", expected names that differ"},
        {"{" MODEL ",\"Axes\":[{\"Name\":\"c\",\"Attribute\":\"CountryOfResidence\",\"Vocabulary\":\"iso-3166-1\",\"Multiple\":\"alone-or-in-combination\"}]}", "Axes[0]: found more axes than 16, one for each level of \"alone-or-in-combination\"; expected fewer"},
        {"{" MODEL ",\"Intersections\":\"all\"}", "Intersections: found string \"all\", expected \"pairs\" or a list of lists of axis names"},
        {"{" MODEL ",\"Intersections\":[[\"sex\"]]}", "Intersections[0]: found a list of 1, expected at least 2"},
        {"{" MODEL ",\"Intersections\":[[\"sex\",\"race\"]]}", "Intersections[0][1]: found string \"race\", expected the name of an axis"},
        {"{" MODEL ",\"Intersections\":[[\"sex\",\"sex\"]]}", "Intersections[0][1]: found string \"sex\", expected axes that differ"},
        {"{" MODEL ",\"Intersections\":[[\"sex\",\"age\"],[\"age\",\"sex\"]]}", "Intersections[1]: given twice, expected once"},
        /* models */
        {"{\"Models\":[{\"Name\":\"m\"}]}", "Models[0].Findings: found nothing, expected this key"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Threshhold\":1}]}]}", "Models[0].Findings[0].Threshhold: unknown key, did you mean Threshold?"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"e\"},{\"Name\":\"g\"},{\"Name\":\"f\",\"Threshold\":\"high\"}]}]}", "Models[0].Findings[2].Threshold: found string \"high\", expected a number in 0..1"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Units\":\"mm\"}]}]}", "Models[0].Findings[0]: found Units, which only a measurement has"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"measurement\",\"Units\":\"furlong\"}]}]}", "Models[0].Findings[0].Units: found string \"furlong\", expected units such as mm, ml, % or 1"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Range\":[0,1]}]}]}", "Models[0].Findings[0]: found Range, which only a measurement has"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"measurement\",\"Range\":[1,0]}]}]}", "Models[0].Findings[0].Range: found bounds that do not ascend, expected [least, greatest]"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"measurement\",\"Range\":[1,\"x\"]}]}]}", "Models[0].Findings[0].Range[1]: found string \"x\", expected a number"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"AlertWhen\":\"below\"}]}]}", "Models[0].Findings[0]: found AlertWhen below, which only a measurement has"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Levels\":[\"A\",\"B\"]}]}]}", "Models[0].Findings[0]: found Levels, which only an ordinal finding has"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"ordinal\",\"Levels\":[\"A\",\"A\"]}]}]}", "Models[0].Findings[0].Levels[1]: found string \"A\", expected levels that differ"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Match\":\"iou\"}]}]}", "Models[0].Findings[0]: found Match iou, which only a detection has"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Threshold\":1.5}]}]}", "Models[0].Findings[0].Threshold: found number 1.5, expected a number in 0..1"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"guess\"}]}]}", "Models[0].Findings[0].Task: found string \"guess\", expected one of \"binary\", \"ordinal\", \"measurement\", \"segmentation\", \"detection\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"ReferenceWithin\":\"30\"}]}]}", "Models[0].Findings[0].ReferenceWithin: found string \"30\", expected a duration such as \"90s\", \"15m\", \"1h\" or \"30d\", at most 36500d"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"References\":[]}]}]}", "Models[0].Findings[0].References: found list, expected an object"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"References\":{}}]}]}", "Models[0].Findings[0].References.Precedence: found nothing, expected this key"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"References\":{\"Precedence\":[\"a b\"]}}]}]}", "Models[0].Findings[0].References.Precedence[0]: found string \"a b\", expected the name of a reference source, 1 to 32 of A-Z a-z 0-9 and _.+-"},
        {"{\"Models\":[{\"Name\":\"m\",\"References\":{\"Precedence\":[\"a\",\"b\",\"a\"]},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].References.Precedence[2]: given twice, expected once"},
        {"{\"Models\":[{\"Name\":\"m\",\"References\":{\"Precedence\":[]},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].References.Precedence: found a list of 0, expected at least 1"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"},{\"Name\":\"f\"}]}]}", "Models[0].Findings[1]: found a second finding named \"f\", expected names that differ"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1234\"}}]}]}]}", "Models[0].Findings[0].From[0].SR.Concept: found string \"1234\", expected a code as \"VALUE,SCHEME\", such as \"60046008,SCT\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{}}]}]}]}", "Models[0].Findings[0].From[0].SR: found neither Concept nor Finding, expected at least one"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,A\",\"Present\":\"2,A\"}}]}]}]}", "Models[0].Findings[0].From[0].SR: found one of Present and Absent, expected both or none"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Measure\":\"mask\"}}]}]}]}", "Models[0].Findings[0].From[0].Seg: found neither Property nor Label, expected at least one"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Label\":\"Liver\"}}]}]}]}", "Models[0].Findings[0].From[0].Seg.Measure: found nothing, expected this key"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Label\":\"Liver\",\"Measure\":\"length\"}}]}]}]}", "Models[0].Findings[0].From[0].Seg.Measure: found string \"length\", expected one of \"volume\", \"area\", \"mask\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Label\":\"Liver\",\"Measure\":\"volume\",\"Semiautomatic\":\"yes\"}}]}]}]}", "Models[0].Findings[0].From[0].Seg.Semiautomatic: found string \"yes\", expected one of \"ignore\", \"result\", \"reference\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Property\":\"1\",\"Measure\":\"area\"}}]}]}]}", "Models[0].Findings[0].From[0].Seg.Property: found string \"1\", expected a code as \"VALUE,SCHEME\", such as \"60046008,SCT\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Seg\":{\"Label\":\"Liver\",\"Measure\":\"mask\",\"Scale\":2}}]}]}]}", "Models[0].Findings[0].From[0].Seg: found Scale beside the Measure \"mask\", expected it of a number only"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{}]}]}]}", "Models[0].Findings[0].From[0]: found 0 keys, expected one of SR, Tag, PrivateTag, Text, JSON and Seg"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"JSON\":\"x\"}]}]}]}", "Models[0].Findings[0].From[0].JSON: found string \"x\", expected a path such as \"$.effusion\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,A\",\"Any\":true,\"Scale\":2}}]}]}]}", "Models[0].Findings[0].From[0].SR: found Any beside Present, Absent or Scale, expected it alone"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,A\",\"Any\":1}}]}]}]}", "Models[0].Findings[0].From[0].SR.Any: found number 1, expected true or false"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"SR\":{\"Concept\":\"1,A\",\"Intent\":\"shown\"}}]}]}]}", "Models[0].Findings[0].From[0].SR.Intent: found string \"shown\", expected \"presented\" or \"all\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{}}]}]}]}", "Models[0].Findings[0].From[0].Tag.Tag: found nothing, expected this key"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{\"Tag\":\"00189445\"}}]}]}]}", "Models[0].Findings[0].From[0].Tag.Tag: found string \"00189445\", expected a tag such as \"0018,9445\" or \"0029,xx10\", with the sequences around it as \"0070,0001/0070,0006\", at most 4"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{\"Tag\":\"0070,0001/\"}}]}]}]}", "Models[0].Findings[0].From[0].Tag.Tag: found string \"0070,0001/\", expected a tag such as \"0018,9445\" or \"0029,xx10\", with the sequences around it as \"0070,0001/0070,0006\", at most 4"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{\"Tag\":\"0029,xx10\"}}]}]}]}", "Models[0].Findings[0].From[0].Tag: found a private tag, expected PrivateTag with its Creator"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{\"Tag\":\"0018,9445\",\"Absent\":\"no\"}}]}]}]}", "Models[0].Findings[0].From[0].Tag: found Absent without Present, expected both or Present alone"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Tag\":{\"Tag\":\"0018,9445\",\"Present\":\"y\",\"Scale\":2}}]}]}]}", "Models[0].Findings[0].From[0].Tag: found Present beside Number or Scale, expected a decision or a number"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"PrivateTag\":{\"Tag\":\"0029,xx10\"}}]}]}]}", "Models[0].Findings[0].From[0].PrivateTag.Creator: found nothing, expected this key"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"PrivateTag\":{\"Tag\":\"0029,xx10\",\"Creator\":\"\"}}]}]}]}", "Models[0].Findings[0].From[0].PrivateTag: found no Creator, expected the text of the block's PrivateCreator"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"PrivateTag\":{\"Tag\":\"0028,0010\",\"Creator\":\"A\"}}]}]}]}", "Models[0].Findings[0].From[0].PrivateTag: found a tag of an even group, expected a private one such as \"0029,xx10\""},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Text\":{}}]}]}]}", "Models[0].Findings[0].From[0].Text: found neither Number nor Present, expected one of them"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Text\":{\"Present\":\"\"}}]}]}]}", "Models[0].Findings[0].From[0].Text.Present: found string \"\", expected a pattern"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"From\":[{\"Text\":{\"Present\":\"(\"}}]}]}]}", "Models[0].Findings[0].From[0].Text.Present: found a pattern that is none: missing closing parenthesis at character 2"},
        {"{\"Models\":[{\"Name\":\"m\",\"VersionFrom\":[{\"JSON\":\"$.version\"}],\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].VersionFrom[0]: found a rule of another kind, expected Tag or PrivateTag"},
        {"{\"Models\":[{\"Name\":\"m\",\"VersionFrom\":[{\"Tag\":{\"Tag\":\"0018,1020\",\"Present\":\"a\"}}],\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].VersionFrom[0]: found Present or Scale, expected Tag with JSON or Number only"},
        {"{\"Models\":[{\"Name\":\"m\",\"FailedWhen\":[],\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].FailedWhen: found a list of 0, expected at least 1"},
        {"{\"Models\":[{\"Name\":\"m\",\"ExpectWithin\":60,\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].ExpectWithin: found number 60, expected a duration such as \"90s\", \"15m\", \"1h\" or \"30d\", at most 36500d"},
        {"{\"Models\":[{\"Name\":\"m\",\"Recognise\":{},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].Recognise: found no key, expected at least one"},
        {"{\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"SeriesDescription\":\"(\"},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].Recognise.SeriesDescription: found a pattern that is none: missing closing parenthesis at character 2"},
        {"{\"Models\":[{\"Name\":\"m\",\"Eligible\":{\"MinAge\":50,\"MaxAge\":18},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].Eligible: found MinAge 50 above MaxAge 18, expected the reverse"},
        {"{\"Models\":[{\"Name\":\"m\",\"Eligible\":{\"Modality\":\"CR\"},\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[0].Eligible.Modality: found string \"CR\", expected a list"},
        {"{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]},{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]}]}", "Models[1]: found a second model named \"m\", expected names that differ"},
        /* plan */
        {"{" MODEL ",\"Plan\":{\"Mode\":\"lax\"}}", "Plan.Mode: found string \"lax\", expected one of \"default\", \"strict\", \"fixed\""},
        {"{" MODEL ",\"Plan\":{\"VerificationCorrection\":\"ipw\"}}", "Plan.VerificationCorrection: found string \"ipw\", expected one of \"none\", \"begg-greenes\""},
        {"{" MODEL ",\"Plan\":{\"Mode\":\"fixed\"}}", "Plan.PlannedLooks: found nothing, expected how often the plan looks (Mode \"fixed\" is for planned looks)"},
        {"{" MODEL ",\"Plan\":{\"Mode\":\"fixed\",\"PlannedLooks\":0}}", "Plan.PlannedLooks: found number 0, expected a whole number in 1..1000"},
        {"{" MODEL ",\"Plan\":{\"Mode\":\"strict\",\"PlannedLooks\":2}}", "Plan.PlannedLooks: found without Mode \"fixed\", expected nothing (sequential verdicts may be looked at every day)"},
        {"{" MODEL ",\"Plan\":{\"Since\":\"2026-02-30\"}}", "Plan.Since: found string \"2026-02-30\", expected a date as \"YYYY-MM-DD\""},
        {"{" MODEL ",\"Plan\":{\"Alpha\":0.9}}", "Plan.Alpha: found number 0.9, expected a number in 0.0001..0.5"},
        {"{" MODEL ",\"Plan\":{\"Margin\":{\"sensitivity\":0}}}", "Plan.Margin.sensitivity: found number 0, expected a number above 0, at most 1"},
        {"{" MODEL ",\"Plan\":{\"Floor\":{\"sensitivity\":80}}}", "Plan.Floor.sensitivity: found number 80, expected a number, at most 1"},
        {"{" MODEL ",\"Plan\":{\"Floor\":[]}}", "Plan.Floor: found list, expected an object of metric to number"},
        {"{" MODEL ",\"Plan\":{\"PrimaryMetrics\":[\"sensitivity\",\"sensitivity\"]}}", "Plan.PrimaryMetrics[1]: given twice, expected once"},
        {"{" MODEL ",\"Plan\":{\"PrimaryGroups\":[\"race\"]}}", "Plan.PrimaryGroups[0]: found string \"race\", expected the name of an axis, or an object of one to three axes to levels"},
        {"{" MODEL ",\"Plan\":{\"PrimaryGroups\":[{\"race\":\"x\"}]}}", "Plan.PrimaryGroups[0].race: unknown key, expected the name of an axis"},
        {"{" MODEL ",\"Plan\":{\"PrimaryGroups\":[{\"age\":\"18-40\"}]}}", "Plan.PrimaryGroups[0].age: found string \"18-40\", expected a level of the axis \"age\", such as \"18-39\" between two edges"},
        {"{" MODEL ",\"Plan\":{\"PrimaryGroups\":[{\"sex\":\"unknown\"}]}}", "Plan.PrimaryGroups[0].sex: found string \"unknown\", expected a level of the axis \"sex\" (unknown and other are never primary)"},
        {"{" MODEL ",\"Plan\":{\"PrimaryGroups\":[\"sex\",\"sex\"]}}", "Plan.PrimaryGroups[1]: given twice, expected once"},
        {"{" MODEL ",\"Plan\":{\"Why\":[{\"Group\":{\"sex\":\"F\"},\"Reason\":\"r\"}]}}", "Plan.Why[0].Group: names no group of PrimaryGroups, expected one of them"},
        {"{" MODEL ",\"Plan\":{\"Why\":[{\"Group\":\"sex\"}]}}", "Plan.Why[0].Reason: found nothing, expected this key"},
        {"{" MODEL ",\"Plan\":{\"MinimumCases\":0}}", "Plan.MinimumCases: found number 0, expected a whole number in 1..1000000"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_config *config = NULL;
        struct es_error err = {0};
        const enum es_errc code = es_config_parse(&config, cases[i].text, strlen(cases[i].text), NULL, &err);
        if (code != ES_E_CONFIG || strcmp(err.text, cases[i].message) != 0)
            printf("    case %zu: %d %s\n    expected: %s\n", i, (int)code, err.text, cases[i].message);
        CU_ASSERT_EQUAL(code, ES_E_CONFIG);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].message);
        CU_ASSERT_PTR_NULL(config);
    }
}

/* A metric that is unknown, or may bear no verdict (DESIGN 8), is answered by the list of those that may. */
static void metrics_of_the_plan_must_bear_verdicts(void)
{
    static const struct { const char *text, *start; } cases[] = {
        {"{" MODEL ",\"Plan\":{\"PrimaryMetrics\":[\"sensitvity\"]}}", "Plan.PrimaryMetrics[0]: found string \"sensitvity\", expected one of "},
        {"{" MODEL ",\"Plan\":{\"PrimaryMetrics\":[\"ppv\"]}}", "Plan.PrimaryMetrics[0]: found a metric that bears no verdict, expected one of "},
        {"{" MODEL ",\"Plan\":{\"PrimaryMetrics\":[1]}}", "Plan.PrimaryMetrics[0]: found number 1, expected the name of a metric"},
        {"{" MODEL ",\"Plan\":{\"Margin\":{\"speed\":1}}}", "Plan.Margin.speed: unknown key, expected one of "}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_config *config = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_config_parse(&config, cases[i].text, strlen(cases[i].text), NULL, &err), ES_E_CONFIG);
        CU_ASSERT_NSTRING_EQUAL(err.text, cases[i].start, strlen(cases[i].start));
        if (i != 2) CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "sensitivity"));
        es_config_free(config);
    }
}

static void deep_brackets_are_refused_before_parsing(void)
{
    enum { DEPTH = 1000000 };
    char *text = malloc(DEPTH);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    struct es_config *config = NULL;
    static const struct {
        const char *opening, *at;
    } brackets[] = {{"[", "33"}, {"{\"\":", "129"}};
    for (size_t i = 0; i < sizeof brackets / sizeof brackets[0]; i++) {
        struct es_error err = {0};
        char words[100];
        for (size_t k = 0; k < DEPTH; k++) text[k] = brackets[i].opening[k % strlen(brackets[i].opening)];
        CU_ASSERT_EQUAL(es_config_parse(&config, text, DEPTH, NULL, &err), ES_E_CONFIG);
        snprintf(words, sizeof words, "configuration: line 1, column %s: found brackets nested deeper than 32", brackets[i].at);
        CU_ASSERT_STRING_EQUAL(err.text, words);
    }
    free(text);
}

static void everything_but_models_has_a_default(void)
{
    struct es_config *config = parse("{" MODEL "}");
    CU_ASSERT_TRUE(config->enable);
    CU_ASSERT_STRING_EQUAL(config->root, "/evensight/");
    CU_ASSERT_STRING_EQUAL(config->site, "site");
    CU_ASSERT_STRING_EQUAL(config->ledger, "sqlite:/var/lib/evensight/ledger.db");
    CU_ASSERT_EQUAL(config->n_axes, 2);
    CU_ASSERT_STRING_EQUAL(config->axes[0].attribute, "PatientSex");
    CU_ASSERT_PTR_NOT_NULL(config->axes[0].vocabulary);
    CU_ASSERT_EQUAL(config->axes[1].n_bands, 5);
    CU_ASSERT_EQUAL(config->max_levels, 64);
    CU_ASSERT_EQUAL(config->n_intersections, 0);
    const struct es_model_config *model = &config->models[0];
    CU_ASSERT_EQUAL(model->expect_within_us, INT64_C(3600000000));
    CU_ASSERT_EQUAL(model->eligible.min_age, -1);
    CU_ASSERT_EQUAL(model->findings[0].task, ES_TASK_BINARY);
    CU_ASSERT_TRUE(isnan(model->findings[0].threshold));
    CU_ASSERT_EQUAL(model->findings[0].reference_within_us, INT64_C(2592000000000));
    CU_ASSERT_EQUAL(config->plan.n_groups, 2);
    CU_ASSERT_EQUAL(config->plan.n_metrics, 2);
    CU_ASSERT_TRUE(config->plan.metrics[0].primary);
    CU_ASSERT_TRUE(isnan(config->plan.metrics[0].margin));
    CU_ASSERT_EQUAL(config->plan.since_day, INT32_MIN);
    CU_ASSERT_DOUBLE_EQUAL(config->plan.alpha, 0.05, 0);
    CU_ASSERT_EQUAL(config->plan.min_cases, 10);
    CU_ASSERT_EQUAL(config->plan.min_patients, 50);
    CU_ASSERT_EQUAL(config->internal.kind, ES_DISCLOSE_FLOOR);
    CU_ASSERT_EQUAL(config->internal.floor, 5);
    CU_ASSERT_EQUAL(config->external.kind, ES_DISCLOSE_NHS);
    CU_ASSERT_TRUE(es_config_wants(config, "PatientSex"));
    CU_ASSERT_FALSE(es_config_wants(config, "Modality"));
    CU_ASSERT_FALSE(es_config_wants(config, ""));
    es_config_free(config);
}

static void the_example_says_what_it_means(void)
{
    char path[1024];
    struct es_config *config = NULL;
    struct es_error err = {0};
    (void)snprintf(path, sizeof path, "%s/../plugin/program/example.json", es_testdata(""));
    CU_ASSERT_EQUAL_FATAL(es_config_read(&config, path, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(config->site, "A");
    CU_ASSERT_EQUAL(config->n_axes, 5);
    CU_ASSERT_TRUE(config->axes[2].group_level);
    CU_ASSERT_STRING_EQUAL(config->axes[4].linked, "imd_decile");
    CU_ASSERT_EQUAL(config->n_intersections, 2);
    CU_ASSERT_EQUAL(config->intersections[1].axis[1], 2);
    const struct es_model_config *model = &config->models[0];
    CU_ASSERT_STRING_EQUAL(model->recognise.algorithm_name, "CheXNet");
    CU_ASSERT_EQUAL(model->eligible.n_modality, 2);
    CU_ASSERT_STRING_EQUAL(model->eligible.modality[1], "DX");
    CU_ASSERT_EQUAL(model->eligible.min_age, 18);
    CU_ASSERT_EQUAL(model->findings[0].n_from, 2);
    CU_ASSERT_STRING_EQUAL(model->findings[0].from[0].finding.value, "60046008");
    CU_ASSERT_STRING_EQUAL(model->findings[0].from[0].finding.scheme, "SCT");
    CU_ASSERT_EQUAL(model->findings[0].from[1].kind, ES_FROM_JSON);
    CU_ASSERT_EQUAL(config->plan.n_groups, 3);
    CU_ASSERT_EQUAL(config->plan.groups[2].n, 2);
    CU_ASSERT_STRING_EQUAL(config->plan.groups[2].level[1], "80+");
    CU_ASSERT_STRING_EQUAL(config->plan.groups[2].source, "Model card");
    CU_ASSERT_DOUBLE_EQUAL(config->plan.metrics[0].margin, 0.05, 0);
    CU_ASSERT_DOUBLE_EQUAL(config->plan.metrics[0].floor, 0.80, 0);
    CU_ASSERT_TRUE(es_config_wants(config, "BodyPartExamined"));
    CU_ASSERT_TRUE(es_config_wants(config, "imd_decile"));
    CU_ASSERT_TRUE(es_config_links(config, "imd_decile"));
    CU_ASSERT_FALSE(es_config_links(config, "PatientSex"));
    CU_ASSERT_EQUAL(es_config_model(config, "chexnet"), 0);
    CU_ASSERT_EQUAL(es_config_model(config, "other"), -1);
    CU_ASSERT_EQUAL(es_model_finding(model, "effusion"), 0);
    CU_ASSERT_EQUAL(es_model_finding(model, "other"), -1);
    es_config_free(config);
    CU_ASSERT_EQUAL_FATAL(es_config_read(&config, es_testdata("demo.json"), &err), ES_OK);
    CU_ASSERT_EQUAL(config->models[0].n_findings, 7);
    CU_ASSERT_EQUAL(config->plan.since_day, 19723); /* 2024-01-01 */
    es_config_free(config);
}

/* Written by hand from the rules of base/json.h: sorted, compact, defaults written out, numbers shortest. */
static void documents_are_canonical_and_rebuild_the_configuration(void)
{
    struct es_config *config = parse("{/*c*/\"Site\":\"B\",\"Ledger\":\"sqlite:/l\",\"PseudonymKeyFile\":\"/k\"," /* no paths, no keys */
                                     "\"Models\":[{\"Name\":\"m\",\"ExpectWithin\":\"15m\",\"Findings\":[{\"Name\":\"f\",\"Threshold\":-0.0,"
                                     "\"From\":[{\"SR\":{\"Finding\":\"1,A\",\"Scale\":1e-2}}]}]}],"
                                     "\"Intersections\":\"pairs\",\"Plan\":{\"Since\":\"20260102\",\"PrimaryGroups\":[{\"age\":\"80+\",\"sex\":\"F\"}],"
                                     "\"Margin\":{\"auroc\":0.1}}} // end");
    CU_ASSERT_STRING_EQUAL(
        config->document,
        "{\"Axes\":[{\"Attribute\":\"PatientSex\",\"Level\":\"value\",\"Name\":\"sex\",\"Vocabulary\":\"dicom-sex\"},"
        "{\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,60,80],\"Name\":\"age\"}],"
        "\"Disclosure\":{\"External\":\"nhs\",\"Internal\":\"floor:5\"},\"Exclude\":[],\"Intersections\":[[\"sex\",\"age\"]],"
        "\"MaximumLevels\":64,\"Models\":[{\"Eligible\":{},\"ExpectWithin\":\"900s\",\"Findings\":[{\"AbsenceMeans\":\"unknown\","
        "\"Combine\":\"max\",\"From\":[{\"SR\":{\"Finding\":\"1,A\",\"Scale\":0.01}}],\"Name\":\"f\",\"ReferenceWithin\":\"30d\","
        "\"Task\":\"binary\",\"Threshold\":0,\"Unit\":\"exam\"}],\"Name\":\"m\"}],\"Site\":\"B\"}");
    CU_ASSERT_STRING_EQUAL(config->plan_document,
                           "{\"Alpha\":0.05,\"FalseAlarmsPerYear\":1,\"Floor\":{},\"Margin\":{\"auroc\":0.1},\"MinimumCases\":10,"
                           "\"MinimumPatients\":50,\"Mode\":\"default\",\"PrimaryGroups\":[{\"age\":\"80+\",\"sex\":\"F\"}],"
                           "\"PrimaryMetrics\":[\"sensitivity\",\"specificity\"],\"Since\":\"2026-01-02\",\"Why\":[]}");
    struct es_config *again = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(again->document, config->document);
    CU_ASSERT_STRING_EQUAL(again->plan_document, config->plan_document);
    CU_ASSERT_EQUAL(es_config_from_documents(&again, "[]", "{}", &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "stored configuration: found list and object, expected two objects");
    es_config_free(again);
    es_config_free(config);
}

static void planned_looks_stand_in_the_plans_document(void)
{
    struct es_config *config = parse("{" MODEL ",\"Plan\":{\"Mode\":\"fixed\",\"PlannedLooks\":4}}"), *again = NULL;
    struct es_error err = {0};
    CU_ASSERT_TRUE(config->plan.fixed);
    CU_ASSERT_FALSE(config->plan.strict);
    CU_ASSERT_EQUAL(config->plan.planned_looks, 4);
    CU_ASSERT_PTR_NOT_NULL(strstr(config->plan_document, "\"Mode\":\"fixed\",\"PlannedLooks\":4,\"PrimaryGroups\""));
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, &err), ES_OK);
    CU_ASSERT_EQUAL(again->plan.planned_looks, 4);
    CU_ASSERT_STRING_EQUAL(again->plan_document, config->plan_document);
    es_config_free(again);
    es_config_free(config);
    config = parse("{" MODEL ",\"Plan\":{\"VerificationCorrection\":\"begg-greenes\"}}");
    CU_ASSERT_TRUE(config->plan.correct_verification);
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, &err), ES_OK);
    CU_ASSERT_TRUE(again->plan.correct_verification);
    CU_ASSERT_STRING_EQUAL(again->plan_document, config->plan_document);
    es_config_free(again);
    es_config_free(config);
    config = parse("{" MODEL "}");
    CU_ASSERT_FALSE(config->plan.correct_verification || strstr(config->plan_document, "Verification"));
    CU_ASSERT_FALSE(config->plan.fixed || config->plan.strict);
    CU_ASSERT_EQUAL(config->plan.planned_looks, 0);
    es_config_free(config);
}

/* A vocabulary file is taken from the configuration's folder, and its text goes along with the document. */
static void a_vocabulary_file_lives_on_in_the_document(void)
{
    char path[1024], vocabulary[1024], population[1024];
    const char *folder = es_test_tempdir();
    (void)snprintf(path, sizeof path, "%s/c.json", folder);
    (void)snprintf(vocabulary, sizeof vocabulary, "%s/v.csv", folder);
    FILE *file = fopen(vocabulary, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs("# test\ncode,level,group,state,order\n1,one,low,present,1\n9,nine,high,present,2\n", file);
    (void)fclose(file);
    (void)snprintf(population, sizeof population, "%s/p.csv", folder);
    file = fopen(population, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs("axis,level,share\nx,one,0.25\nx,nine,0.75\n", file);
    (void)fclose(file);
    file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    (void)fputs("{" MODEL ",\"Ledger\":\"sqlite:l.db\",\"PseudonymKeyFile\":\"k\",\"ReferencePopulation\":\"p.csv\","
                "\"Axes\":[{\"Name\":\"x\",\"Linked\":\"x\",\"Vocabulary\":\"v.csv\"}]}", file);
    (void)fclose(file);
    struct es_config *config = NULL, *again = NULL;
    struct es_error err = {0};
    char expected[1100];
    CU_ASSERT_EQUAL_FATAL(es_config_read(&config, path, &err), ES_OK);
    (void)snprintf(expected, sizeof expected, "sqlite:%s/l.db", folder);
    CU_ASSERT_STRING_EQUAL(config->ledger, expected);
    (void)snprintf(expected, sizeof expected, "%s/k", folder);
    CU_ASSERT_STRING_EQUAL(config->key_file, expected);
    CU_ASSERT_STRING_EQUAL(config->reference_population, population);
    CU_ASSERT_PTR_NOT_NULL(config->population);
    CU_ASSERT_PTR_NULL(strstr(config->document, folder));
    CU_ASSERT_EQUAL(remove(vocabulary), 0);
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, &err), ES_OK);
    const struct es_term term = es_vocabulary_find(again->axes[0].vocabulary, "9");
    CU_ASSERT_EQUAL(term.state, ES_ATTRIBUTE_PRESENT);
    CU_ASSERT_STRING_EQUAL(term.level != NULL ? term.level : "", "nine");
    CU_ASSERT_STRING_EQUAL(again->document, config->document);
    es_config_free(again);
    es_config_free(config);
    CU_ASSERT_EQUAL(es_config_read(&config, path, &err), ES_E_CONFIG); /* the file is gone */
    CU_ASSERT_EQUAL(es_config_read(&config, "/nonexistent.json", NULL), ES_E_IO);
}

static void bands_have_names(void)
{
    const struct es_axis_config axis = {.bands = {18, 40, 41}, .n_bands = 3};
    static const char *const names[] = {"18-39", "40", "41+", "<18"};
    static const struct { int32_t value; size_t band; } cases[] = {{17, 3}, {18, 0}, {39, 0}, {40, 1}, {41, 2}, {90, 2}};
    char name[32];
    for (size_t i = 0; i < 4; i++) {
        es_axis_band_name(&axis, i, name, sizeof name);
        CU_ASSERT_STRING_EQUAL(name, names[i]);
    }
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) CU_ASSERT_EQUAL(es_axis_band(&axis, cases[i].value), cases[i].band);
}

static void durations_count_in_microseconds(void)
{
    static const struct { const char *text; int64_t seconds; } cases[] = {{"0d", 0}, {"90s", 90}, {"15m", 900}, {"1h", 3600}, {"30d", 2592000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        (void)snprintf(text, sizeof text, "{\"Models\":[{\"Name\":\"m\",\"ExpectWithin\":\"%s\",\"Findings\":[{\"Name\":\"f\"}]}]}", cases[i].text);
        struct es_config *config = parse(text);
        CU_ASSERT_EQUAL(config->models[0].expect_within_us, cases[i].seconds * 1000000);
        es_config_free(config);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_fault_has_its_message", every_fault_has_its_message},
        {"metrics_of_the_plan_must_bear_verdicts", metrics_of_the_plan_must_bear_verdicts},
        {"deep_brackets_are_refused_before_parsing", deep_brackets_are_refused_before_parsing},
        {"everything_but_models_has_a_default", everything_but_models_has_a_default},
        {"the_example_says_what_it_means", the_example_says_what_it_means},
        {"planned_looks_stand_in_the_plans_document", planned_looks_stand_in_the_plans_document},
        {"documents_are_canonical_and_rebuild_the_configuration", documents_are_canonical_and_rebuild_the_configuration},
        {"a_vocabulary_file_lives_on_in_the_document", a_vocabulary_file_lives_on_in_the_document},
        {"bands_have_names", bands_have_names},
        {"durations_count_in_microseconds", durations_count_in_microseconds},
        {NULL, NULL}};
    return es_test_main("config", tests, argc, argv);
}
