/* SPDX-License-Identifier: Apache-2.0 */
/* doc/configuration.md and the tables of keys say the same: every key stands in its section, with its default. */
#include <stdio.h>

#include "lib/unit.h"

#include "config/query_file.h"

static char document[256 * 1024];

static int read_document(void **state)
{
    (void)state;
    FILE *file = fopen(LEAT_SOURCE_ROOT "/doc/configuration.md", "r");
    assert_non_null(file);
    size_t len = fread(document, 1, sizeof document - 1, file);
    document[len] = 0;
    fclose(file);
    return len < 1000;
}

/* The text of "## name" up to the next heading of that kind. */
static struct slice section_text(const char *name)
{
    char heading[100];
    snprintf(heading, sizeof heading, "\n## %s\n", name);
    const char *begin = strcasestr(document, heading);
    if (!begin)
        fail_msg("doc/configuration.md has no section \"%s\"", name);
    begin += strlen(heading);
    const char *end = strstr(begin, "\n## ");
    return slice_of(begin, end ? (size_t)(end - begin) : strlen(begin));
}

static bool holds(struct slice text, const char *words)
{
    return memmem(text.data, text.len, words, strlen(words));
}

static void every_key_stands_in_its_section(void **state)
{
    (void)state;
    for (const struct section *const *section = sections_all; *section; section++) {
        struct slice text = section_text((*section)->name);
        const char *later = memmem(text.data, text.len, "Not built yet:", 14);
        for (const struct key *key = (*section)->keys; key->name; key++) {
            char row[100];
            snprintf(row, sizeof row, key->kind ? "| `%s` |" : "`%s`", key->name);
            struct slice where = key->kind ? text : slice_str(later ? later : "");
            if (!key->kind && later)
                where.len = text.len - (size_t)(later - text.data);
            if (!holds(where, row))
                fail_msg("the section \"%s\" of doc/configuration.md lacks %s", (*section)->name, row);
        }
    }
}

static void every_row_of_a_section_is_a_key(void **state)
{
    (void)state;
    for (const struct section *const *section = sections_all; *section; section++) {
        struct slice text = section_text((*section)->name);
        while (text.data) {
            struct slice line = slice_cut(&text, '\n');
            if (!slice_starts(line, SLICE("| `")))
                continue;
            struct slice rest = slice_skip(line, 3), name = slice_cut(&rest, '`');
            bool known = false;
            for (const struct key *key = (*section)->keys; key->name; key++)
                known |= key->kind && slice_eq(name, slice_str(key->name));
            if (!known)
                fail_msg("doc/configuration.md tells of `" SLICE_FMT "` in \"%s\"", SLICE_ARG(name),
                         (*section)->name);
        }
    }
}

static void the_defaults_stand_there_line_by_line(void **state)
{
    (void)state;
    assert_non_null(strstr(document, config_defaults));
}

static void every_type_of_a_parameter_is_named(void **state)
{
    (void)state;
    struct slice text = section_text("the head of a query");
    for (const char *const *name = param_type_names; *name; name++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "`%s`", *name);
        assert_true(holds(text, quoted));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_stands_in_its_section),
        cmocka_unit_test(every_row_of_a_section_is_a_key),
        cmocka_unit_test(the_defaults_stand_there_line_by_line),
        cmocka_unit_test(every_type_of_a_parameter_is_named),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, read_document, NULL);
}
