/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and folders, without a fuzzer: the corpus as a plain test. replay PATH... */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static unsigned long files;

static int run(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)ftw;
    if (flag != FTW_F) return 0;
    FILE *f = fopen(path, "rb");
    if (!f) return 1;
    const size_t len = (size_t)st->st_size;
    uint8_t *bytes = malloc(len > 0 ? len : 1); /* exactly as long as the file, so that ASan sees the byte behind it */
    const int bad = !bytes || fread(bytes, 1, len, f) != len;
    (void)fclose(f);
    if (!bad) (void)LLVMFuzzerTestOneInput(bytes, len);
    free(bytes);
    files++;
    return bad;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (nftw(argv[i], run, 16, FTW_PHYS) != 0) {
            (void)fprintf(stderr, "replay: %s cannot be read\n", argv[i]);
            return 1;
        }
    (void)printf("%lu files replayed\n", files);
    return files > 0 ? 0 : 1;
}
