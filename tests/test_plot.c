/* SPDX-License-Identifier: Apache-2.0 */
/* Plots: their names, their size and provenance as libpng reads them back, and the PNG writer's limits. */
#include <math.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/plot/plot.h"
#include "sample_release.h"

/* A PNG as libpng reads it. */
struct read_back {
    png_uint_32 width, height;
    int depth, colour;
    unsigned char *pixels; /* RGB, width * 3 a row; free() */
    char texts[32][2][1200];
    int count;
};
struct source {
    const unsigned char *at;
    size_t left;
};

static void give(png_structp png, png_bytep to, size_t n)
{
    struct source *source = png_get_io_ptr(png);
    if (n > source->left) png_error(png, "short");
    memcpy(to, source->at, n);
    source->at += n;
    source->left -= n;
}

static void read_rows(png_structp png, png_infop info, struct read_back *out)
{
    png_textp texts = NULL;
    png_read_info(png, info);
    (void)png_get_IHDR(png, info, &out->width, &out->height, &out->depth, &out->colour, NULL, NULL, NULL);
    out->pixels = malloc((size_t)out->width * out->height * 3);
    for (png_uint_32 y = 0; y < out->height; y++) png_read_row(png, out->pixels + (size_t)y * out->width * 3, NULL);
    png_read_end(png, info);
    out->count = (int)png_get_text(png, info, &texts, NULL);
    for (int i = 0; i < out->count && i < 32; i++) {
        (void)snprintf(out->texts[i][0], sizeof out->texts[i][0], "%s", texts[i].key);
        (void)snprintf(out->texts[i][1], sizeof out->texts[i][1], "%s", texts[i].text);
    }
}

static struct read_back *read_png(const struct es_bytes *bytes)
{
    struct read_back *out = calloc(1, sizeof *out);
    struct source source = {bytes->data, bytes->len};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    const bool failed = setjmp(png_jmpbuf(png)) != 0;
    CU_ASSERT_FALSE_FATAL(failed);
    png_set_read_fn(png, &source, give);
    read_rows(png, info, out);
    CU_ASSERT_EQUAL(source.left, 0);
    png_destroy_read_struct(&png, &info, NULL);
    return out;
}

static void drop(struct read_back *image)
{
    free(image->pixels);
    free(image);
}

static size_t ink(const struct read_back *image, uint32_t rgb)
{
    size_t count = 0;
    for (size_t i = 0; i < (size_t)image->width * image->height; i++) {
        const unsigned char *p = image->pixels + 3 * i;
        count += p[0] == (rgb >> 16 & 0xff) && p[1] == (rgb >> 8 & 0xff) && p[2] == (rgb & 0xff);
    }
    return count;
}

static const char *text_of(const struct read_back *image, const char *key)
{
    for (int i = 0; i < image->count; i++) {
        if (strcmp(image->texts[i][0], key) == 0) return image->texts[i][1];
    }
    return "(none)";
}

static void pixels_and_texts_come_back(void)
{
    static const uint32_t pixels[2][4] = {{0xff102030, 0x00ffffff, 0xffa34700, 0}, {0x00000000, 0x000000ff, 0x0000ff00, 0}};
    static const unsigned char rgb[] = {0x10, 0x20, 0x30, 0xff, 0xff, 0xff, 0xa3, 0x47, 0x00, 0, 0, 0, 0, 0, 0xff, 0, 0xff, 0};
    const struct es_picture picture = {3, 2, sizeof pixels[0], (const unsigned char *)pixels};
    /* e acute is 0xE9 in ISO 8859-1; alpha has no place there */
    const struct es_png_text texts[] = {{"Site", "A"}, {"Note", "caf\xc3\xa9 \xce\xb1\xff"}};
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(es_png_write(&picture, texts, 2, &bytes, NULL), ES_OK);
    struct read_back *image = read_png(&bytes);
    CU_ASSERT_EQUAL(image->width, 3);
    CU_ASSERT_EQUAL(image->height, 2);
    CU_ASSERT_EQUAL(image->depth, 8);
    CU_ASSERT_EQUAL(image->colour, PNG_COLOR_TYPE_RGB);
    CU_ASSERT_EQUAL(memcmp(image->pixels, rgb, sizeof rgb), 0);
    CU_ASSERT_STRING_EQUAL(text_of(image, "Site"), "A");
    CU_ASSERT_STRING_EQUAL(text_of(image, "Note"), "caf\xe9 ??");
    drop(image);
    es_bytes_free(&bytes);
}

static void pictures_that_cannot_be_are_refused(void)
{
    static const uint32_t pixel = 0;
    const unsigned char *at = (const unsigned char *)&pixel;
    static const char key80[] = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
    const struct es_png_text too_long = {key80, ""}, empty = {"", ""};
    const struct {
        struct es_picture picture;
        const struct es_png_text *text;
        enum es_errc code;
        const char *words;
    } cases[] = {{{0, 1, 4, at}, NULL, ES_E_ARG, "png: no picture of 0 x 1, 4 bytes a row"},
                 {{2, 1, 4, at}, NULL, ES_E_ARG, "png: no picture of 2 x 1, 4 bytes a row"},
                 {{1, 1, 4, NULL}, NULL, ES_E_ARG, "png: no picture of 1 x 1, 4 bytes a row"},
                 {{1, 30001, 4, at}, NULL, ES_E_LIMIT, "png: 1 x 30001 pixels, at most 30000 a side"},
                 {{1, 1, 4, at}, &too_long, ES_E_ARG, "png: keyword 0 has 80 bytes, allowed are 1 to 79"},
                 {{1, 1, 4, at}, &empty, ES_E_ARG, "png: keyword 0 has 0 bytes, allowed are 1 to 79"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_bytes bytes = {0};
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_png_write(&cases[i].picture, cases[i].text, cases[i].text ? 1 : 0, &bytes, &err), cases[i].code);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].words);
        CU_ASSERT_PTR_NULL(bytes.data);
    }
}

static void a_file_past_its_ceiling_is_refused(void)
{
    enum { SIDE = 3500 }; /* of noise, which does not compress: 36.75 MB */
    uint32_t *pixels = malloc((size_t)SIDE * SIDE * 4), state = 1;
    CU_ASSERT_PTR_NOT_NULL_FATAL(pixels);
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) pixels[i] = state = state * 1664525u + 1013904223u;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++) pixels[i] ^= pixels[i] >> 15;
    const struct es_picture picture = {SIDE, SIDE, (size_t)SIDE * 4, (const unsigned char *)pixels};
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_png_write(&picture, NULL, 0, &bytes, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "png: file would be larger than its ceiling");
    CU_ASSERT_PTR_NULL(bytes.data);
    free(pixels);
}

static void names_say_what_is_drawn(void)
{
    static const char *const first[] = {"forest-chexnet-effusion-sensitivity.png", "forest-chexnet-effusion-specificity.png",
                                        "forest-chexnet-effusion-auroc.png", "coverage-chexnet-effusion.png"};
    cJSON *release = sample();
    struct es_plot_list list;
    CU_ASSERT_EQUAL_FATAL(es_plot_names(release, &list, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(list.count, 18);
    for (size_t i = 0; i < 4; i++) CU_ASSERT_STRING_EQUAL(list.names[i], first[i]);
    CU_ASSERT_STRING_EQUAL(list.names[15], "coverage-edge-emphysema-emphysema.png");
    es_plot_list_free(&list);
    CU_ASSERT_EQUAL(list.count, 0);
    es_plot_list_free(NULL);
    cJSON_Delete(release);
}

/* WCAG 2.1, 1.4.3: 4.5 : 1, relative luminance as defined there. */
static double luminance(const uint8_t rgb[3])
{
    static const double weight[3] = {0.2126, 0.7152, 0.0722};
    double sum = 0;
    for (int i = 0; i < 3; i++) {
        const double c = rgb[i] / 255.0;
        sum += weight[i] * (c <= 0.03928 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4));
    }
    return sum;
}

static void text_on_the_scale_can_be_read(void)
{
    static const uint8_t black[3] = {0x1a, 0x1a, 0x1a}, white[3] = {0xff, 0xff, 0xff};
    double before = 2;
    for (size_t step = 0; step < 7; step++) {
        uint8_t rgb[3];
        const bool dark = es_plot_heat_dark(step, rgb);
        const double own = luminance(rgb), text = luminance(dark ? white : black);
        CU_ASSERT((fmax(own, text) + 0.05) / (fmin(own, text) + 0.05) >= 4.5);
        CU_ASSERT(own < before); /* darker at every step: readable without colour */
        before = own;
    }
}

/* A release with curves, one of them suppressed, and a crossing with all three states of a cell. */
static void curves_and_crossings_are_drawn(void)
{
    static const char text[] =
        "{\"schema\":\"evensight-report/1\",\"axes\":[{\"name\":\"sex\",\"levels\":[\"F\",\"M\",\"unknown\"]},{\"name\":\"age\",\"levels\":[\"0-59\",\"60+\"]}],"
        "\"models\":[{\"name\":\"net\",\"version\":\"1\",\"findings\":[{\"finding\":\"f\",\"epoch\":1,\"curves\":{\"by_group\":["
        "{\"group\":{},\"roc\":{\"status\":\"estimated\",\"points\":[[0,0],[0.25,0.75],[1,1]]},\"calibration\":{\"status\":\"estimated\",\"bins\":["
        "{\"mean_score\":0.2,\"observed\":0.1,\"lo\":0.05,\"hi\":0.2,\"patients\":90},{\"mean_score\":0.8,\"observed\":0.7,\"lo\":null,\"hi\":null,\"patients\":9}]}},"
        "{\"group\":{\"sex\":\"F\"},\"roc\":{\"status\":\"suppressed\"},\"calibration\":{\"status\":\"suppressed\"}}]},"
        "\"groups\":[{\"group\":{},\"metrics\":{}},{\"group\":{\"sex\":\"F\",\"age\":\"60+\"},\"metrics\":{\"sensitivity\":{\"status\":\"estimated\",\"value\":0.9,\"lo\":0.8,\"hi\":0.95,\"n\":40}}},"
        "{\"group\":{\"sex\":\"M\",\"age\":\"60+\"},\"metrics\":{\"sensitivity\":{\"status\":\"suppressed\"}}},"
        "{\"group\":{\"sex\":\"F\",\"age\":\"0-59\"},\"metrics\":{\"sensitivity\":{\"status\":\"estimated\",\"value\":0.5,\"lo\":0.4,\"hi\":0.6,\"n\":40}}}]}]}]}";
    static const char *const names[] = {"roc-net-f-sex.png", "calibration-net-f-sex.png", "heat-net-f-sensitivity-sex-age.png"};
    cJSON *release = cJSON_Parse(text);
    struct es_plot_list list;
    CU_ASSERT_PTR_NOT_NULL_FATAL(release);
    CU_ASSERT_EQUAL_FATAL(es_plot_names(release, &list, NULL), ES_OK);
    CU_ASSERT_EQUAL(list.count, 5); /* and a forest and coverage */
    for (size_t i = 0; i < 3; i++) {
        struct es_bytes bytes = {0};
        bool named = false;
        for (size_t k = 0; k < list.count; k++) named |= strcmp(list.names[k], names[i]) == 0;
        CU_ASSERT_TRUE(named);
        CU_ASSERT_EQUAL_FATAL(es_render_plot(release, names[i], &bytes, NULL), ES_OK);
        struct read_back *image = read_png(&bytes);
        CU_ASSERT_EQUAL(image->width, ES_PLOT_WIDTH);
        if (i == 2) { /* the greatest value has the darkest step, the least the lightest */
            CU_ASSERT(ink(image, 0x063f73) > 10000);
            CU_ASSERT(ink(image, 0xf1f6fb) > 10000);
        }
        drop(image);
        es_bytes_free(&bytes);
    }
    es_plot_list_free(&list);
    cJSON_Delete(release);
}

/* Two epochs stand in one figure, under the first one's name, with the alarms of both. */
static void courses_of_all_epochs_are_one_figure(void)
{
    static const char text[] =
        "{\"schema\":\"evensight-report/1\",\"axes\":[{\"name\":\"sex\",\"levels\":[\"F\"]},{\"name\":\"age\",\"levels\":[\"60+\"]}],"
        "\"plan\":{\"primary_metrics\":[\"sensitivity\"],\"floors\":{\"sensitivity\":0.8}},"
        "\"models\":[{\"name\":\"net\",\"version\":\"1\",\"findings\":[{\"finding\":\"f\",\"epoch\":1,\"groups\":[],"
        "\"alarms\":[{\"group\":{\"sex\":\"F\"},\"metric\":\"sensitivity\",\"exam_day\":\"2025-02-11\"}],"
        "\"series\":[{\"group\":{},\"metric\":\"sensitivity\",\"status\":\"estimated\",\"months\":[{\"month\":\"2025-01\",\"closed\":true,\"value\":0.9,\"lo\":0.8,\"hi\":0.95,"
        "\"rest\":null}]},{\"group\":{\"sex\":\"F\"},\"metric\":\"sensitivity\",\"status\":\"estimated\",\"months\":[{\"month\":\"2025-01\",\"closed\":true,\"value\":0.9,\"lo\":0.6,"
        "\"hi\":1,\"rest\":0.8},{\"month\":\"2025-02\",\"closed\":true,\"value\":0.85,\"lo\":0.7,\"hi\":0.95,\"rest\":0.8}]}]},"
        "{\"finding\":\"f\",\"epoch\":2,\"groups\":[],\"alarms\":[],"
        "\"series\":[{\"group\":{\"sex\":\"F\"},\"metric\":\"sensitivity\",\"status\":\"estimated\",\"months\":[{\"month\":\"2025-05\",\"closed\":false,\"value\":0.7,\"lo\":0.4,"
        "\"hi\":0.9,\"rest\":null}]}]}]}]}";
    cJSON *release = cJSON_Parse(text);
    struct es_plot_list list;
    struct es_bytes bytes = {0};
    size_t courses = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(release);
    CU_ASSERT_EQUAL_FATAL(es_plot_names(release, &list, NULL), ES_OK);
    for (size_t k = 0; k < list.count; k++) courses += strncmp(list.names[k], "time-", 5) == 0;
    CU_ASSERT_EQUAL(courses, 1); /* by sex; nobody's age is charted, and the second epoch stands in the same */
    CU_ASSERT_EQUAL_FATAL(es_render_plot(release, "time-net-f-sensitivity-sex.png", &bytes, NULL), ES_OK);
    struct read_back *image = read_png(&bytes);
    CU_ASSERT_TRUE(ink(image, 0xcfe3f2) > 2000); /* bands */
    CU_ASSERT_TRUE(ink(image, 0xa34700) > 500);  /* an alarm and two floors */
    CU_ASSERT_TRUE(ink(image, 0x00568a) > 300);
    drop(image);
    es_bytes_free(&bytes);
    es_plot_list_free(&list);
    cJSON_Delete(release);
}

/* Versions, spellings and epochs that a name cannot tell apart are numbered, and each number is its own plot. */
static void names_stay_apart(void)
{
    cJSON *release = cJSON_Parse("{\"schema\":\"evensight-report/1\",\"models\":["
                                 "{\"name\":\"Net/1\",\"version\":\"1\",\"findings\":[{\"finding\":\"../a b\",\"epoch\":1}]},"
                                 "{\"name\":\"net 1\",\"version\":\"2\",\"findings\":[{\"finding\":\"../a b\",\"epoch\":2},"
                                 "{\"finding\":\"../a b\",\"epoch\":1}]}]}");
    static const char *const names[] = {"coverage-net-1-..-a-b.png", "coverage-net-1-..-a-b-e2.png",
                                        "coverage-net-1-..-a-b-2.png"};
    struct es_plot_list list;
    CU_ASSERT_EQUAL_FATAL(es_plot_names(release, &list, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(list.count, 3);
    for (size_t i = 0; i < 3; i++) CU_ASSERT_STRING_EQUAL(list.names[i], names[i]);
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_plot(release, names[2], &bytes, NULL), ES_OK);
    struct read_back *image = read_png(&bytes);
    CU_ASSERT_STRING_EQUAL(text_of(image, "Version"), "2");
    CU_ASSERT_STRING_EQUAL(text_of(image, "Epoch"), "1");
    drop(image);
    es_bytes_free(&bytes);
    es_plot_list_free(&list);
    cJSON_Delete(release);
}

static void a_plot_carries_its_provenance(void)
{
    static const char *const texts[][2] = {
        {"Title", "Sensitivity by group"},
        {"Software", "evensight 0.1.0"},
        {"Site", "A"},
        {"Model", "chexnet"},
        {"Version", "1.0"},
        {"Finding", "effusion"},
        {"Epoch", "1"},
        {"Period", "2025-01-01 to 2025-12-31"},
        {"As of", "2026-01-31T23:59:59Z"},
        {"Ledger head", "A:67299:af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf"},
        {"Disclosure", "internal, floor:5"}};
    cJSON *release = sample();
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_plot(release, "forest-chexnet-effusion-sensitivity.png", &bytes, NULL), ES_OK);
    struct read_back *image = read_png(&bytes);
    CU_ASSERT_EQUAL(image->width, ES_PLOT_WIDTH);
    CU_ASSERT_TRUE(image->height > 24 * ES_PLOT_ROW); /* 24 rows, as test_view counts them */
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        CU_ASSERT_STRING_EQUAL(text_of(image, texts[i][0]), texts[i][1]);
    drop(image);
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

/* In the sample one single-attribute group (age 18-39) misses the floor of effusion's sensitivity, none of the AUROCs has a
 * floor. */
static void a_group_below_the_floor_is_drawn_in_its_colour(void)
{
    cJSON *release = sample();
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_plot(release, "forest-chexnet-effusion-sensitivity.png", &bytes, NULL), ES_OK);
    struct read_back *image = read_png(&bytes);
    CU_ASSERT_TRUE(ink(image, 0xa34700) > 19 * 19);
    CU_ASSERT_TRUE(ink(image, 0x00568a) > 1000);
    drop(image);
    es_bytes_free(&bytes);
    CU_ASSERT_EQUAL_FATAL(es_render_plot(release, "forest-chexnet-effusion-auroc.png", &bytes, NULL), ES_OK);
    image = read_png(&bytes);
    CU_ASSERT_EQUAL(ink(image, 0xa34700), 0);
    drop(image);
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

static void the_same_release_gives_the_same_bytes(void)
{
    static const char *const names[] = {"forest-chexnet-pneumothorax-specificity.png", "coverage-edge-emphysema-emphysema.png"};
    cJSON *release = sample(), *again = sample();
    for (size_t i = 0; i < 2; i++) {
        struct es_bytes a = {0}, b = {0};
        CU_ASSERT_EQUAL_FATAL(es_render_plot(release, names[i], &a, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(es_render_plot(again, names[i], &b, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(a.len, b.len);
        CU_ASSERT_EQUAL(memcmp(a.data, b.data, a.len), 0);
        es_bytes_free(&a);
        es_bytes_free(&b);
    }
    cJSON_Delete(release);
    cJSON_Delete(again);
}

/* Ill-formed UTF-8 would put cairo into an error state, and a name of any length must fit its column. */
static void hostile_labels_are_drawn(void)
{
    cJSON *release = sample();
    cJSON *group = cJSON_GetArrayItem(
        cJSON_GetObjectItem(
            cJSON_GetArrayItem(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(release, "models"), 0), "findings"),
                               0),
            "groups"),
        1);
    char *name = malloc(5001);
    memset(name, 'W', 5000);
    name[5000] = '\0';
    memcpy(name, "\xff\xed\xa0\x80", 4);
    cJSON_SetValuestring(cJSON_GetObjectItem(cJSON_GetObjectItem(group, "group"), "sex"), name);
    cJSON_SetValuestring(cJSON_GetObjectItem(release, "site"), name);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_render_plot(release, "forest-chexnet-effusion-sensitivity.png", &bytes, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    es_bytes_free(&bytes);
    free(name);
    cJSON_Delete(release);
}

static void a_plot_that_is_not_there_is_named(void)
{
    cJSON *release = sample();
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_render_plot(release, "forest-x.png", &bytes, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "plot: the release has no \"forest-x.png\" among its 18 plots");
    CU_ASSERT_PTR_NULL(bytes.data);
    cJSON_Delete(release);
    struct es_plot_list list = {0};
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_plot_names(NULL, &list, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "release: no JSON object");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"pixels_and_texts_come_back", pixels_and_texts_come_back},
        {"pictures_that_cannot_be_are_refused", pictures_that_cannot_be_are_refused},
        {"a_file_past_its_ceiling_is_refused", a_file_past_its_ceiling_is_refused},
        {"names_say_what_is_drawn", names_say_what_is_drawn},
        {"names_stay_apart", names_stay_apart},
        {"text_on_the_scale_can_be_read", text_on_the_scale_can_be_read},
        {"curves_and_crossings_are_drawn", curves_and_crossings_are_drawn},
        {"courses_of_all_epochs_are_one_figure", courses_of_all_epochs_are_one_figure},
                                       {"courses_of_all_epochs_are_one_figure", courses_of_all_epochs_are_one_figure},
        {"a_plot_carries_its_provenance", a_plot_carries_its_provenance},
        {"a_group_below_the_floor_is_drawn_in_its_colour", a_group_below_the_floor_is_drawn_in_its_colour},
        {"the_same_release_gives_the_same_bytes", the_same_release_gives_the_same_bytes},
        {"hostile_labels_are_drawn", hostile_labels_are_drawn},
        {"a_plot_that_is_not_there_is_named", a_plot_that_is_not_there_is_named},
        {NULL, NULL}};
    return es_test_main("plot", tests, argc, argv);
}
