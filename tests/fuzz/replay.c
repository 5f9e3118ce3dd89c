/* SPDX-License-Identifier: Apache-2.0 */
/* The main of a fuzz target built without libFuzzer: gives it every file named on the command line, and every file in
 * the folders named there. Exit status 0: nothing crashed; 2: a file could not be read, or there was none. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int inputs_run;

static int run_file(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F)
        return 0;
    FILE *file = fopen(path, "rb");
    size_t size = (size_t)status->st_size;
    uint8_t *data =
        malloc(size ? size : 1); /* exactly as long as the input: a sanitizer sees one byte too far */
    if (!file || !data || fread(data, 1, size, file) != size) {
        perror(path);
        exit(2);
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    inputs_run++;
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (nftw(argv[i], run_file, 16, FTW_PHYS)) {
            perror(argv[i]);
            return 2;
        }
    }
    printf("%d inputs\n", inputs_run);
    return inputs_run ? 0 : 2;
}
