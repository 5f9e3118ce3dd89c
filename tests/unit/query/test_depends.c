/* SPDX-License-Identifier: Apache-2.0 */
/* What a plan says that its answer hangs on: tables that it reads, parts of the caller. */
#include "worlds.h"

static int open_both(void **state)
{
    (void)state;
    world_open_related(&pg, DIALECT_PG);
    world_open_related(&sqlite, DIALECT_SQLITE);
    return 0;
}

/* names: "a b", in the order in which they were met. */
static void assert_reads(struct world *world, const struct plan *plan, const char *names)
{
    struct slice told = SLICE("");
    for (unsigned i = 0; i < plan->table_count; i++)
        told = arena_format(&world->arena, SLICE_FMT "%s" SLICE_FMT, SLICE_ARG(told), i ? " " : "",
                            SLICE_ARG(plan->tables[i]->name));
    assert_slice(told, names);
    assert_false(plan->tables_unknown);
}

static void a_list_reads_its_table_and_those_of_all_levels_once(void **state)
{
    (void)state;
    struct world *const worlds[] = {&pg, &sqlite};
    for (unsigned i = 0; i < ARRAY_LEN(worlds); i++) {
        assert_reads(worlds[i], world_list(worlds[i], "teams", ""), "teams");
        assert_reads(worlds[i], world_list(worlds[i], "words", "select=id,flags(id)"),
                     "words flags flag_words");
        assert_reads(worlds[i],
                     world_list(worlds[i], "flags", "select=id,user_id(id,team_id(name)),by_id(id)"),
                     "flags users teams");
        assert_reads(worlds[i], world_list(worlds[i], "teams", "select=id,users!inner()&users.name=eq.x"),
                     "teams users");
    }
}

static void a_row_likewise_kept_or_not(void **state)
{
    (void)state;
    assert_reads(&pg, world_row(&pg, "flags", "1", ""), "flags");
    pg.cache = plan_cache_new(pg.model);
    assert_reads(&pg, world_row(&pg, "flags", "1", ""), "flags");
    assert_reads(&pg, world_row(&pg, "flags", "1", "select=id,user_id(id)"), "flags users");
}

static void rows_by_role_hang_on_the_role_and_others_on_nobody(void **state)
{
    (void)state;
    assert_int_equal(world_list(&pg, "flags", "")->uses, 0);
    assert_int_equal(world_list(&pg, "users", "")->uses, CALLER_ROLE);
    assert_int_equal(world_list(&pg, "flags", "select=id,user_id(id)")->uses, CALLER_ROLE);
    assert_int_equal(world_row(&sqlite, "users", "1", "")->uses, CALLER_ROLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_reads_its_table_and_those_of_all_levels_once),
        cmocka_unit_test(a_row_likewise_kept_or_not),
        cmocka_unit_test(rows_by_role_hang_on_the_role_and_others_on_nobody),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, worlds_close);
}
