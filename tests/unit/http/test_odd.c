/* SPDX-License-Identifier: Apache-2.0 */
/* Every request of tests/data/http/odd is understood as its file says, however it is cut. */
#include "lib/unit.h"

#include "unit/http/cases.h"
#include "unit/http/reading.h"

static struct cases cases;

static int load(void **state)
{
    (void)state;
    cases_load(&cases, "odd");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    cases_free(&cases);
    return 0;
}

static struct slice yes_no(bool yes)
{
    return yes ? SLICE("yes") : SLICE("no");
}

/* The value of the first header of the name in "Name: value", put together again as "Name: value". */
static struct slice field_as_said(struct reading *reading, struct slice said, struct arena *arena)
{
    struct slice rest = said;
    struct slice name = slice_cut(&rest, ':');
    struct slice value = http_head_find(&reading->head, name);
    assert_non_null(value.data);
    return arena_format(arena, SLICE_FMT ":%s" SLICE_FMT, SLICE_ARG(name), value.len ? " " : "",
                        SLICE_ARG(value));
}

static struct slice found(struct reading *reading, const struct case_line *line, struct arena *arena)
{
    static const struct slice framings[] = {SLICE_INIT("none"), SLICE_INIT("length"), SLICE_INIT("chunked")};
    const struct http_head *head = &reading->head;
    const struct {
        struct slice key, value;
    } known[] = {
        {SLICE("method"), head->method_text},
        {SLICE("path"), head->path},
        {SLICE("query"), head->query},
        {SLICE("host"), head->host},
        {SLICE("keep"), yes_no(head->keep_alive)},
        {SLICE("expect"), yes_no(head->expect_continue)},
        {SLICE("framing"), framings[head->framing]},
        {SLICE("body"), buf_slice(&reading->body_text)},
        {SLICE("version"), arena_format(arena, "%u", head->version_minor)},
        {SLICE("fields"), arena_format(arena, "%u", head->field_count)},
        {SLICE("left"), arena_format(arena, "%zu", reading->len - reading->used)},
    };
    if (slice_eq(line->key, SLICE("field")))
        return field_as_said(reading, line->value, arena);
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (slice_eq(line->key, known[i].key))
            return known[i].value;
    }
    fail_msg("unknown key %.*s", SLICE_ARG(line->key));
    return SLICE("");
}

static void each_is_understood_as_its_file_says(void **state)
{
    (void)state;
    struct reading reading;
    assert_true(cases.count >= 25);
    for (unsigned i = 0; i < cases.count; i++) {
        const struct http_case *item = &cases.items[i];
        reading_whole(&reading, NULL, item->request);
        if (reading.got != HTTP_DONE)
            fail_msg("%.*s: got %d, %s", SLICE_ARG(item->name), (int)reading.got, reading.fault.reason);
        for (unsigned j = 0; j < item->expected_count; j++) {
            const struct case_line *line = &item->expected[j];
            struct slice value = found(&reading, line, &cases.arena);
            if (!slice_eq(value, line->value))
                fail_msg("%.*s: %.*s is %.*s", SLICE_ARG(item->name), SLICE_ARG(line->key), SLICE_ARG(value));
        }
        reading_end(&reading);
    }
}

static void assert_same(const struct reading *a, const struct reading *b, const struct http_case *item)
{
    const char *what = reading_differs(a, b);
    if (what)
        fail_msg("%.*s: %s differs", SLICE_ARG(item->name), what);
}

static void each_cut_at_every_byte_is_understood_the_same(void **state)
{
    (void)state;
    struct reading whole, reading;
    for (unsigned i = 0; i < cases.count; i++) {
        struct slice request = cases.items[i].request;
        reading_whole(&whole, NULL, request);
        for (size_t cut = 0; cut <= request.len; cut += 1 + request.len / 400) {
            reading_cut(&reading, NULL, request, cut);
            assert_same(&whole, &reading, &cases.items[i]);
            reading_end(&reading);
        }
        reading_bytewise(&reading, NULL, slice_of(request.data, request.len));
        assert_same(&whole, &reading, &cases.items[i]);
        reading_end(&reading);
        reading_end(&whole);
    }
}

static void each_without_its_last_byte_wants_more(void **state)
{
    (void)state;
    struct reading whole, reading;
    for (unsigned i = 0; i < cases.count; i++) {
        reading_whole(&whole, NULL, cases.items[i].request);
        reading_whole(&reading, NULL, slice_of(cases.items[i].request.data, whole.used - 1));
        assert_int_equal(reading.got, HTTP_MORE);
        reading_end(&reading);
        reading_end(&whole);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_understood_as_its_file_says),
        cmocka_unit_test(each_cut_at_every_byte_is_understood_the_same),
        cmocka_unit_test(each_without_its_last_byte_wants_more),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
