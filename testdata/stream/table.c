/* SPDX-License-Identifier: Apache-2.0 */
/* The demo stream's table: CSV in, UIDs, dates and JSON Lines out. */
#include "testdata/stream/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* SNOMED CT concepts; edema and effusion are those of the lung and the pleura, which is what ChestX-ray14 labels. */
const struct stream_finding stream_findings[STREAM_FINDINGS] = {
    {"Atelectasis", "atelectasis", "46621007", "Atelectasis"},
    {"Cardiomegaly", "cardiomegaly", "8186001", "Cardiomegaly"},
    {"Consolidation", "consolidation", "95436008", "Lung consolidation"},
    {"Edema", "edema", "19242006", "Pulmonary edema"},
    {"Effusion", "effusion", "60046008", "Pleural effusion"},
    {"Emphysema", "emphysema", "87433001", "Pulmonary emphysema"},
    {"Pneumothorax", "pneumothorax", "36118008", "Pneumothorax"},
};

#define FIRST_DAY 19723 /* 2024-01-01 */
#define DAYS 731        /* to 2025-12-31 */
#define LONGEST 600     /* days from a patient's first exam to the last; at least the greatest follow-up number, 183 */
#define COLUMNS (6 + 2 * STREAM_FINDINGS)

/* Whole decimal number of at most nine digits. */
static bool number(const char *text, uint32_t *out)
{
    uint32_t value = 0;
    size_t n = 0;
    for (; text[n] >= '0' && text[n] <= '9' && n < 9; n++) value = value * 10 + (uint32_t)(text[n] - '0');
    *out = value;
    return n > 0 && text[n] == '\0';
}

static bool score_is_number(const char *text)
{
    char *end = NULL;
    errno = 0;
    const double value = strtod(text, &end);
    return end != text && *end == '\0' && errno == 0 && value >= 0 && value <= 1;
}

/* Cut a line at its commas; the file has no quotes. */
static bool split(char *line, char *cells[COLUMNS])
{
    size_t n = 0;
    for (char *at = line; at != NULL && n < COLUMNS; n++) {
        cells[n] = at;
        at = strchr(at, ',');
        if (at != NULL) *at++ = '\0';
        else return n + 1 == COLUMNS;
    }
    return false;
}

static bool header_is_ours(char *cells[COLUMNS])
{
    static const char *const first[6] = {"image_index", "patient_id", "follow_up", "age", "sex", "view"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(cells[i], first[i]) != 0) return false;
    }
    for (int i = 0; i < STREAM_FINDINGS; i++) {
        if (strncmp(cells[6 + i], "prob_", 5) != 0 || strcmp(cells[6 + i] + 5, stream_findings[i].column) != 0) return false;
        if (strncmp(cells[6 + STREAM_FINDINGS + i], "label_", 6) != 0 ||
            strcmp(cells[6 + STREAM_FINDINGS + i] + 6, stream_findings[i].column) != 0)
            return false;
    }
    return true;
}

/* A patient's exams start somewhere in the range by a fixed multiplicative hash (Knuth, TAOCP 3, 6.4), and follow each other
 * by up to thirty days, closer when there are many: the last must still fit. Rows are those of one patient. */
static void invent_days(struct stream_row *rows, size_t count)
{
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) last = rows[i].follow_up > last ? rows[i].follow_up : last;
    const uint32_t gap = last * 30 > LONGEST ? LONGEST / last : 30;
    const uint32_t start = (uint32_t)(((uint64_t)(rows[0].patient * 2654435761u) * (DAYS - last * gap)) >> 32);
    for (size_t i = 0; i < count; i++) rows[i].day = (int32_t)(FIRST_DAY + start + rows[i].follow_up * gap);
}

static bool row_from(char *cells[COLUMNS], struct stream_row *row)
{
    if (!number(cells[1], &row->patient) || !number(cells[2], &row->follow_up) || !number(cells[3], &row->age)) return false;
    if (row->follow_up > 183 || strlen(cells[4]) != 1 || strlen(cells[5]) > 3) return false;
    memcpy(row->sex, cells[4], 2);
    memcpy(row->view, cells[5], strlen(cells[5]) + 1);
    for (int i = 0; i < STREAM_FINDINGS; i++) {
        const char *score = cells[6 + i], *label = cells[6 + STREAM_FINDINGS + i];
        if (strlen(score) >= sizeof row->score[i] || !score_is_number(score)) return false;
        memcpy(row->score[i], score, strlen(score) + 1);
        if ((label[0] != '0' && label[0] != '1') || label[1] != '\0') return false;
        row->label[i] = label[0] == '1';
    }
    return true;
}

bool stream_read(const char *path, struct stream_row **rows, size_t *count)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        fprintf(stderr, "make_stream: %s: %s\n", path, strerror(errno));
        return false;
    }
    struct stream_row *all = NULL;
    size_t n = 0, room = 0, line_number = 0;
    char line[1024], *cells[COLUMNS];
    bool ok = true;
    while (ok && fgets(line, sizeof line, file) != NULL) {
        line_number++;
        line[strcspn(line, "\r\n")] = '\0';
        ok = split(line, cells) && (line_number > 1 || header_is_ours(cells));
        if (!ok || line_number == 1) continue;
        if (n == room) {
            room = room ? 2 * room : 1024;
            struct stream_row *more = reallocarray(all, room, sizeof *all);
            if (more == NULL) { ok = false; break; }
            all = more;
        }
        memset(&all[n], 0, sizeof all[n]);
        ok = row_from(cells, &all[n++]);
    }
    fclose(file);
    if (!ok || n == 0) {
        fprintf(stderr, "make_stream: %s: line %zu is not of nih-chexnet/predictions.csv (%d columns)\n", path, line_number, COLUMNS);
        free(all);
        return false;
    }
    for (size_t i = 0, next; i < n; i = next) {
        for (next = i + 1; next < n && all[next].patient == all[i].patient;) next++;
        invent_days(all + i, next - i);
    }
    *rows = all;
    *count = n;
    return true;
}

size_t stream_take(const struct stream_row *rows, size_t count, size_t patients, size_t exams)
{
    size_t seen = 0, i = 0;
    for (; i < count; i++) {
        const bool begins = i == 0 || rows[i].patient != rows[i - 1].patient;
        if (!begins) continue;
        if ((patients != 0 && seen == patients) || (exams != 0 && i >= exams)) break;
        seen++;
    }
    return i;
}

void stream_uid(const struct stream_row *row, enum stream_uid what, char out[65])
{
    snprintf(out, 65, "%s.%d.%u.%u", STREAM_ROOT, (int)what, row->patient, row->follow_up + 1);
}

void stream_tracking_uid(const struct stream_row *row, int finding, char out[65])
{
    snprintf(out, 65, "%s.%d.%u.%u.%d", STREAM_ROOT, STREAM_REPORT + 1, row->patient, row->follow_up + 1, finding + 1);
}

void stream_patient_id(const struct stream_row *row, char out[32])
{
    snprintf(out, 32, "NIH%08u", row->patient);
}

void stream_accession(const struct stream_row *row, char out[32])
{
    snprintf(out, 32, "N%08u%03u", row->patient, row->follow_up);
}

/* Days to a date of the Gregorian calendar by counting 400-year eras from 1 March. */
void stream_date(int32_t day, const char *between, char out[16])
{
    const int32_t shifted = day + 719468, era = shifted / 146097, of_era = shifted - era * 146097;
    const int32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    const int32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const int32_t month = (5 * of_year + 2) / 153;
    const int32_t of_month = of_year - (153 * month + 2) / 5 + 1;
    const int32_t number_of_month = month < 10 ? month + 3 : month - 9;
    const int32_t year = year_of_era + era * 400 + (number_of_month <= 2);
    snprintf(out, 16, "%04u%.1s%02u%.1s%02u", (unsigned)year % 10000u, between, (unsigned)number_of_month % 100u, between,
             (unsigned)of_month % 100u);
}

void stream_write_exam(FILE *out, const struct stream_row *row)
{
    char study[65], series[65], patient[32], accession[32], date[16];
    stream_uid(row, STREAM_STUDY, study);
    stream_uid(row, STREAM_IMAGE_SERIES, series);
    stream_patient_id(row, patient);
    stream_accession(row, accession);
    stream_date(row->day, "", date);
    fprintf(out,
            "{\"event\":\"exam\",\"study_uid\":\"%s\",\"series_uid\":\"%s\",\"accession\":\"%s\",\"patient_id\":\"%s\","
            "\"study_date\":\"%s\",\"demographics\":{\"PatientSex\":\"%s\",\"PatientAge\":\"%03uY\"},"
            "\"acquisition\":{\"Modality\":\"DX\",\"BodyPartExamined\":\"CHEST\",\"ViewPosition\":\"%s\"}}\n",
            study, series, accession, patient, date, row->sex, row->age, row->view);
}

void stream_write_result(FILE *out, const struct stream_row *row)
{
    char study[65], report[65], date[16];
    stream_uid(row, STREAM_STUDY, study);
    stream_uid(row, STREAM_REPORT, report);
    stream_date(row->day, "-", date);
    fprintf(out,
            "{\"event\":\"result\",\"study_uid\":\"%s\",\"sop_uid\":\"%s\",\"unit\":{\"type\":\"exam\"},"
            "\"model\":{\"name\":\"%s\",\"version\":\"%s\"},\"produced\":\"%sT10:05:00Z\",\"status\":\"ok\",\"findings\":[",
            study, report, STREAM_MODEL, STREAM_VERSION, date);
    for (int i = 0; i < STREAM_FINDINGS; i++)
        fprintf(out, "%s{\"finding\":\"%s\",\"score\":%s}", i ? "," : "", stream_findings[i].name, row->score[i]);
    fputs("]}\n", out);
}

/* The labels were mined from reports that were written years before the network: their readers had not seen it. */
void stream_write_reference(FILE *out, const struct stream_row *row)
{
    char study[65], date[16];
    stream_uid(row, STREAM_STUDY, study);
    stream_date(row->day + 1, "-", date);
    fprintf(out,
            "{\"event\":\"reference\",\"study_uid\":\"%s\",\"unit\":{\"type\":\"exam\"},\"source\":\"radiology-report\","
            "\"status\":\"final\",\"labeller\":\"nih-nlp\",\"labeller_version\":\"2020\",\"established\":\"%sT12:00:00Z\","
            "\"reader_saw_ai\":\"no\",\"findings\":[",
            study, date);
    for (int i = 0; i < STREAM_FINDINGS; i++)
        fprintf(out, "%s{\"finding\":\"%s\",\"label\":%u,\"evaluable\":true}", i ? "," : "", stream_findings[i].name,
                (unsigned)row->label[i]);
    fputs("]}\n", out);
}
