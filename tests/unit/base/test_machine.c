/* SPDX-License-Identifier: Apache-2.0 */
/* How much memory there is. */
#include "base/machine.h"

#include <unistd.h>

#include "base/check.h"
#include "lib/folder.h"

static void there_is_no_more_than_the_machine_has(void **state)
{
    (void)state;
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    assert_in_range(machine_memory_bytes(), 1, machine);
}

/* Text in a file of the folder, and the folders above it. */
static void put(const struct folder *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder->path, name);
    for (char *slash = path + strlen(folder->path) + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        mkdir(path, 0755);
        *slash = '/';
    }
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void the_least_limit_of_a_group_and_those_above_it_counts(void **state)
{
    const struct folder *folder = *state;
    put(folder, "a/b/memory.max", "max\n");
    put(folder, "a/memory.max", "5000000\n");
    put(folder, "memory/x/y/memory.limit_in_bytes", "9223372036854771712\n");
    put(folder, "memory/x/memory.limit_in_bytes", "7000\n");
    put(folder, "memory/memory.limit_in_bytes", "8000\n");
    const struct {
        const char *groups;
        uint64_t limit;
    } cases[] = {
        {"0::/a/b\n", 5000000},
        {"0::/a", 5000000},
        {"0::/elsewhere/on/the/host\n", UINT64_MAX},
        {"1:cpu:/x\n4:memory:/x/y\n0::/\n", 7000},
        {"4:memory:/x/y\n0::/a/b\n", 7000},
        {"4:memory:/docker/0123\n", 8000},
        {"4:memory:/\n", 8000},
        {"3:cpu,cpuacct:/x\n", UINT64_MAX},
        {"", UINT64_MAX},
        {"rubbish\n::\n", UINT64_MAX},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_int_equal(machine_group_limit(slice_str(cases[i].groups), folder->path), cases[i].limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_is_no_more_than_the_machine_has),
        IN_A_FOLDER(the_least_limit_of_a_group_and_those_above_it_counts),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
