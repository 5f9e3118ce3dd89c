/* SPDX-License-Identifier: Apache-2.0 */
/* What was hot, by hour of the week. */
#include <stdio.h>
#include <unistd.h>

#include "kit.h"
#include "lib/folder.h"

#include "cache/heat.h"

#define HOUR_US INT64_C(3600000000)

static struct wall at_hour(int64_t week, unsigned hour)
{
    return (struct wall){((2000 + week) * HEAT_HOURS + hour) * HOUR_US + 5};
}

static void assert_top(const struct heat *heat, unsigned hour, const char *expected)
{
    struct slice top[3];
    char text[100] = "";
    unsigned count = heat_top(heat, hour, top, ARRAY_LEN(top));
    for (unsigned i = 0; i < count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), SLICE_FMT " ", SLICE_ARG(top[i]));
    assert_string_equal(text, expected);
}

static struct heat *workdays(void)
{
    struct heat *heat = heat_new();
    heat_note(heat, SLICE("/morning"), 10, at_hour(0, 9));
    heat_note(heat, SLICE("/evening"), 5, at_hour(0, 20));
    heat_note(heat, SLICE("/always"), 4, at_hour(0, 9));
    heat_note(heat, SLICE("/always"), 4, at_hour(0, 20));
    return heat;
}

static void the_most_asked_of_an_hour_come_first_and_then_the_most_asked_at_all(void **state)
{
    (void)state;
    struct heat *heat = workdays();
    assert_top(heat, 9, "/morning /always /evening ");
    assert_top(heat, 20, "/evening /always /morning ");
    assert_top(heat, 3, "/morning /always /evening ");
    heat_free(heat);
    heat_free(NULL);
}

static void a_week_later_an_hour_counts_half(void **state)
{
    (void)state;
    struct heat *heat = workdays();
    heat_note(heat, SLICE("/new"), 6, at_hour(1, 9));
    heat_note(heat, SLICE("/morning"), 0, at_hour(1, 9)); /* nothing is noted by nothing */
    assert_top(heat, 9, "/morning /new /always ");
    heat_note(heat, SLICE("/morning"), 0, at_hour(1, 9));
    heat_note(heat, SLICE("/morning"), 1, at_hour(1, 10));
    heat_note(heat, SLICE("/always"), 1, at_hour(1, 10));
    assert_top(heat, 9, "/new /morning /always "); /* 6, 5, 2 */
    heat_free(heat);
}

static void the_least_asked_make_room(void **state)
{
    (void)state;
    struct heat *heat = heat_new();
    char text[16];
    for (unsigned i = 0; i < HEAT_QUESTIONS_MAX + 100; i++) {
        snprintf(text, sizeof text, "/%u", i);
        heat_note(heat, slice_str(text), i + 1, at_hour(0, 1));
    }
    struct slice *top = calloc(HEAT_QUESTIONS_MAX + 1, sizeof *top);
    assert_int_equal(heat_top(heat, 1, top, HEAT_QUESTIONS_MAX + 1), HEAT_QUESTIONS_MAX);
    assert_slice(top[0], "/1099");
    assert_slice(top[HEAT_QUESTIONS_MAX - 1], "/100");
    free(top);
    heat_free(heat);
}

static void what_is_saved_is_what_is_loaded(void **state)
{
    struct folder *folder = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/hot", folder->path);
    struct heat *heat = workdays(), *again = heat_new();
    assert_int_equal(heat_load(again, path), ERR_ABSENT);
    assert_int_equal(heat_save(heat, path), OK);
    assert_int_equal(heat_save(heat, path), OK);
    assert_int_equal(heat_load(again, path), OK);
    assert_top(again, 9, "/morning /always /evening ");
    assert_top(again, 20, "/evening /always /morning ");
    heat_note(again, SLICE("/evening"), 1, at_hour(1, 21));
    assert_top(again, 20, "/always /evening /morning "); /* it fades from where it was: 4, 2 */
    heat_free(heat);
    heat_free(again);
}

static void a_file_of_nonsense_is_read_as_far_as_it_goes(void **state)
{
    struct folder *folder = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/hot", folder->path);
    FILE *file = fopen(path, "w");
    fputs("\n\t\t\nno tab\n/good\tlast:x 3:9 168:5 -1:5 4:70000 x:y 5 :\n\001bad\t1:1\n/cut\t3:1", file);
    fclose(file);
    struct heat *heat = heat_new();
    assert_int_equal(heat_load(heat, path), OK);
    assert_top(heat, 3, "/good /cut no tab ");
    assert_int_equal(heat_load(heat, folder->path), OK); /* a folder: there is nothing to read */
    assert_int_equal(heat_save(heat, "/nowhere/at/all"), ERR_SYSTEM);
    heat_free(heat);
}

static void questions_that_would_break_lines_are_not_noted(void **state)
{
    (void)state;
    struct heat *heat = heat_new();
    heat_note(heat, SLICE("a\tb"), 1, at_hour(0, 0));
    heat_note(heat, SLICE("a\nb"), 1, at_hour(0, 0));
    heat_note(heat, SLICE(""), 1, at_hour(0, 0));
    assert_top(heat, 0, "");
    heat_free(heat);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_asked_of_an_hour_come_first_and_then_the_most_asked_at_all),
        cmocka_unit_test(a_week_later_an_hour_counts_half),
        cmocka_unit_test(the_least_asked_make_room),
        IN_A_FOLDER(what_is_saved_is_what_is_loaded),
        IN_A_FOLDER(a_file_of_nonsense_is_read_as_far_as_it_goes),
        cmocka_unit_test(questions_that_would_break_lines_are_not_noted),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
