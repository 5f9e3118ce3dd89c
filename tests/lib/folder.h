/* SPDX-License-Identifier: Apache-2.0 */
/* A test's own folder of files: made before it, deleted with all in it after it, whether it passed or not.
 * IN_A_FOLDER(test) in the list of tests; the test finds it in *state. A failed step fails the test. */
#ifndef LEAT_TESTS_FOLDER_H
#define LEAT_TESTS_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/unit.h"

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_make, folder_remove)

struct folder {
    char path[64];
};

static inline int folder_make(void **state)
{
    struct folder *folder = test_malloc(sizeof *folder);
    snprintf(folder->path, sizeof folder->path, "/tmp/leat-test-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    *state = folder;
    return 0;
}

static inline int folder_remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline int folder_remove(void **state)
{
    struct folder *folder = *state;
    assert_int_equal(nftw(folder->path, folder_remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
    test_free(folder);
    return 0;
}

/* Writes a file, making the folders on its way. */
static inline void folder_put(const struct folder *folder, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    for (char *slash = strchr(path + strlen(folder->path) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

#endif
