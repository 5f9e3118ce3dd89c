/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a file is mapped. */
#include "store/sqlite/map.h"

#include <unistd.h>

#include "base/check.h"
#include "lib/folder.h"

static void a_file_larger_than_its_part_of_the_memory_is_not_mapped(void **state)
{
    (void)state;
    assert_int_equal(lite_map_bytes(0, 1000), 1000);
    assert_int_equal(lite_map_bytes(1000, 1000), 1000);
    assert_int_equal(lite_map_bytes(1001, 1000), 0);
    assert_int_equal(lite_map_bytes(1, 0), 0);
}

static void a_map_pays_while_commits_are_rare(void **state)
{
    (void)state;
    assert_true(lite_map_pays(0, 1000000));
    assert_true(lite_map_pays(20, 1000000));
    assert_false(lite_map_pays(21, 1000000));
    assert_true(lite_map_pays(100, 60 * 1000000));
    assert_true(lite_map_pays(UINT32_MAX, INT64_MAX / 1000));
}

static void the_part_is_at_most_a_quarter_of_the_machine(void **state)
{
    (void)state;
    uint64_t machine = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    assert_in_range(lite_map_bytes_max(), 1, machine / 4);
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
        assert_int_equal(lite_map_group_limit(slice_str(cases[i].groups), folder->path), cases[i].limit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_larger_than_its_part_of_the_memory_is_not_mapped),
        cmocka_unit_test(a_map_pays_while_commits_are_rare),
        cmocka_unit_test(the_part_is_at_most_a_quarter_of_the_machine),
        IN_A_FOLDER(the_least_limit_of_a_group_and_those_above_it_counts),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
