/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals: the documents name every one of them, and long texts are cut between characters. */
#include "world.h"

#include <stdio.h>

#include "query/build.h"

static struct slice read_document(struct arena *arena, const char *name)
{
    struct slice path = arena_format(arena, "%s/%s", TEST_DOC, name);
    FILE *file = fopen(path.data, "r");
    assert_non_null(file);
    char *text = arena_zero(arena, 256 * 1024);
    size_t len = fread(text, 1, 256 * 1024 - 1, file);
    fclose(file);
    return slice_of(text, len);
}

static void every_refusal_stands_in_the_document_with_its_codes(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 4096);
    struct slice document = read_document(&arena, "problems.md");
    for (unsigned i = 0; i < REFUSE_COUNT; i++) {
        const struct refusal_kind *kind = &refusal_kinds[i];
        assert_true(kind->status >= 400 && kind->code.len && kind->pg_code.len);
        struct slice row = arena_format(&arena, "\n| %u | `%.*s` | %.*s |", kind->status,
                                        SLICE_ARG(kind->code), SLICE_ARG(kind->pg_code));
        if (!strstr(document.data, row.data))
            fail_msg("doc/problems.md has no row %s", row.data);
    }
    arena_done(&arena);
}

static void every_limit_and_operator_stands_in_the_document(void **state)
{
    (void)state;
    static const char *const words[] = {"`eq` `neq`",
                                        "`gt` `gte` `lt` `lte`",
                                        "| `in` |",
                                        "| `like` |",
                                        "| `ilike` |",
                                        "| `is` |",
                                        "`isdistinct`",
                                        "`match` `imatch`",
                                        "`fts` `plfts` `phfts` `wfts`",
                                        "`cs` `cd` `ov`",
                                        "`sl` `sr` `nxr` `nxl` `adj`",
                                        "`(any)` `(all)`",
                                        "`not.`",
                                        "select fields order limit offset cursor page page_size"};
    struct arena arena;
    arena_init(&arena, 4096);
    struct slice document = read_document(&arena, "reading.md");
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (!strstr(document.data, words[i]))
            fail_msg("doc/reading.md does not say %s", words[i]);
    arena_done(&arena);
}

static void what_a_problem_shows_is_cut_between_characters(void **state)
{
    (void)state;
    char text[PROBLEM_VALUE_MAX + 8];
    memset(text, 'x', sizeof(text));
    assert_int_equal(shown(slice_of(text, PROBLEM_VALUE_MAX)).len, PROBLEM_VALUE_MAX);
    assert_int_equal(shown(slice_of(text, sizeof(text))).len, PROBLEM_VALUE_MAX);
    memcpy(text + PROBLEM_VALUE_MAX - 2, "\xf0\x9f\x92\xa3", 4);
    assert_int_equal(shown(slice_of(text, sizeof(text))).len, PROBLEM_VALUE_MAX - 2);
    memset(text, 'x', sizeof(text));
    memcpy(text + PROBLEM_VALUE_MAX - 4, "\xf0\x9f\x92\xa3", 4);
    assert_int_equal(shown(slice_of(text, sizeof(text))).len, PROBLEM_VALUE_MAX);
}

static void a_long_list_of_names_is_cut(void **state)
{
    (void)state;
    struct arena arena;
    struct slice names[100];
    arena_init(&arena, 4096);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        names[i] = SLICE("abcdefgh");
    assert_slice(names_join(&arena, names, 2), "abcdefgh, abcdefgh");
    struct slice all = names_join(&arena, names, ARRAY_LEN(names));
    assert_true(all.len < NAMES_BYTES_MAX + PROBLEM_VALUE_MAX && slice_ends(all, SLICE(", …")));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_refusal_stands_in_the_document_with_its_codes),
        cmocka_unit_test(every_limit_and_operator_stands_in_the_document),
        cmocka_unit_test(what_a_problem_shows_is_cut_between_characters),
        cmocka_unit_test(a_long_list_of_names_is_cut),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
