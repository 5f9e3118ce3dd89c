/* SPDX-License-Identifier: Apache-2.0 */
/* `Prefer`: what is understood, what is unknown, what is said to have been heeded. */
#include "lib/unit.h"

#include "query/prefer.h"

struct said {
    struct arena arena;
    struct prefer prefer;
    struct slice unknown;
};

static int begin(void **state)
{
    struct said *said = calloc(1, sizeof *said);
    arena_init(&said->arena, 1024);
    said->prefer = prefer_none();
    said->unknown = SLICE("");
    *state = said;
    return 0;
}

static int end(void **state)
{
    struct said *said = *state;
    arena_done(&said->arena);
    free(said);
    return 0;
}

static void add(struct said *said, const char *value)
{
    prefer_add(&said->prefer, slice_str(value), &said->arena, &said->unknown);
}

static void several_headers_add_up_and_the_first_of_a_kind_counts(void **state)
{
    struct said *said = *state;
    add(said, "count=planned ,return=representation,, ");
    add(said, "Count=Exact, missing = default");
    assert_int_equal(said->prefer.count, COUNT_PLANNED);
    assert_int_equal(said->prefer.returns, RETURN_REPRESENTATION);
    assert_int_equal(said->prefer.missing, MISSING_DEFAULT);
    assert_int_equal(said->prefer.resolution, RESOLUTION_NONE);
    assert_int_equal(said->unknown.len, 0);
}

static void unknown_ones_are_gathered_and_refused_under_strict_handling_alone(void **state)
{
    struct said *said = *state;
    struct problem problem = {0};
    add(said, "count=all, sugar, max-affected=x");
    add(said, "count=exact");
    assert_slice(said->unknown, "count=all, sugar, max-affected=x");
    assert_int_equal(prefer_check(&said->prefer, said->unknown, &said->arena, &problem), OK);
    add(said, "handling=strict");
    assert_int_equal(prefer_check(&said->prefer, said->unknown, &said->arena, &problem), ERR_PROBLEM);
    assert_int_equal(problem.status, 400);
    assert_slice(problem.pg_code, "PGRST122");
    assert_slice(problem.details, "Invalid preferences: count=all, sugar, max-affected=x");
}

static void what_is_known_is_never_refused(void **state)
{
    struct said *said = *state;
    struct problem problem = {0};
    add(said,
        "handling=strict, max-affected=3, resolution=merge-duplicates, return=minimal, count=estimated");
    assert_int_equal(prefer_check(&said->prefer, said->unknown, &said->arena, &problem), OK);
    assert_int_equal(said->prefer.affected_max, 3);
}

static void what_is_of_writes_is_not_said_to_be_heeded_by_reads(void **state)
{
    struct said *said = *state;
    assert_int_equal(prefer_applied(&said->prefer, true, &said->arena).len, 0);
    add(said, "handling=strict, max-affected=3, return=minimal, count=exact, missing=null");
    assert_slice(prefer_applied(&said->prefer, true, &said->arena), "count=exact, handling=strict");
    assert_slice(prefer_applied(&said->prefer, false, &said->arena),
                 "missing=null, return=minimal, count=exact, handling=strict, max-affected=3");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(several_headers_add_up_and_the_first_of_a_kind_counts),
    TEST(unknown_ones_are_gathered_and_refused_under_strict_handling_alone),
    TEST(what_is_known_is_never_refused),
    TEST(what_is_of_writes_is_not_said_to_be_heeded_by_reads),
};

UNIT_TEST_MAIN(tests)
