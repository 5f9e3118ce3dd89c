/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a file is mapped. */
#include "store/sqlite/map.h"

#include <unistd.h>

#include "base/check.h"
#include "lib/unit.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_larger_than_its_part_of_the_memory_is_not_mapped),
        cmocka_unit_test(a_map_pays_while_commits_are_rare),
        cmocka_unit_test(the_part_is_at_most_a_quarter_of_the_machine),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
