/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/distance.h"

#include <math.h>
#include <stdlib.h>

bool es_distance_line_init(struct es_distance_line *line, uint32_t capacity)
{
    const size_t n = capacity > 0 ? capacity : 1;
    line->capacity = capacity;
    line->height = calloc(n, sizeof *line->height);
    line->start = calloc(n, sizeof *line->start);
    line->apex = calloc(n, sizeof *line->apex);
    if (line->height != NULL && line->start != NULL && line->apex != NULL) return true;
    es_distance_line_free(line);
    return false;
}

void es_distance_line_free(struct es_distance_line *line)
{
    free(line->height);
    free(line->start);
    free(line->apex);
    *line = (struct es_distance_line){0};
}

/** Where the parabola of the later sample b falls below that of a: no squares of places, so nothing cancels. */
static double crossing(const double *height, uint32_t a, uint32_t b, double step2)
{
    return ((double)a + (double)b) / 2.0 + (height[b] - height[a]) / (2.0 * step2 * ((double)b - (double)a));
}

static void transform_line(double *field, size_t stride, uint32_t count, double step, struct es_distance_line *line)
{
    const double step2 = step * step;
    uint32_t top = 0; /* parabolas on the envelope */
    for (uint32_t i = 0; i < count; i++) {
        line->height[i] = field[i * stride];
        if (isinf(line->height[i])) continue;
        double from = -INFINITY;
        while (top > 0) {
            from = crossing(line->height, line->apex[top - 1], i, step2);
            if (from > line->start[top - 1]) break;
            top--;
            from = -INFINITY;
        }
        line->apex[top] = i;
        line->start[top] = from;
        top++;
    }
    if (top == 0) return; /* no feature on this line yet */
    uint32_t k = 0;
    for (uint32_t i = 0; i < count; i++) {
        while (k + 1 < top && line->start[k + 1] < (double)i) k++;
        const double away = step * ((double)i - (double)line->apex[k]);
        field[i * stride] = line->height[line->apex[k]] + away * away;
    }
}

void es_distance_squared(double *field, const uint32_t size[3], const double spacing[3], struct es_distance_line *line)
{
    const size_t plane = (size_t)size[1] * size[2];
    for (size_t row = 0; row < (size_t)size[0] * size[1]; row++) transform_line(field + row * size[2], 1, size[2], spacing[2], line);
    for (uint32_t a = 0; a < size[0]; a++)
        for (uint32_t c = 0; c < size[2]; c++) transform_line(field + a * plane + c, size[2], size[1], spacing[1], line);
    for (size_t p = 0; p < plane; p++) transform_line(field + p, plane, size[0], spacing[0], line);
}
