/* SPDX-License-Identifier: Apache-2.0 */
/* Every request of tests/data/http/hostile is refused with its status: alone, however it is cut, behind another. */
#include "lib/unit.h"

#include "unit/http/cases.h"
#include "unit/http/reading.h"

static struct cases cases;

static int load(void **state)
{
    (void)state;
    cases_load(&cases, "hostile");
    return 0;
}

static int unload(void **state)
{
    (void)state;
    cases_free(&cases);
    return 0;
}

static void assert_refused(const struct reading *reading, const struct http_case *item, const char *how)
{
    if (reading->got == HTTP_FAULT && reading->fault.status == item->status)
        return;
    fail_msg("%.*s, %s: got %d, status %u (%s) instead of %u", SLICE_ARG(item->name), how, (int)reading->got,
             reading->fault.status, reading->fault.reason ? reading->fault.reason : "", item->status);
}

static void there_are_many_and_each_names_a_status_and_its_own_name(void **state)
{
    (void)state;
    assert_true(cases.count >= 170);
    for (unsigned i = 0; i < cases.count; i++) {
        assert_true(cases.items[i].status >= 400 && cases.items[i].status < 600);
        for (unsigned j = 0; j < i; j++)
            assert_false(slice_eq(cases.items[i].name, cases.items[j].name));
    }
}

static void each_alone_is_refused(void **state)
{
    (void)state;
    struct reading reading;
    for (unsigned i = 0; i < cases.count; i++) {
        reading_whole(&reading, NULL, cases.items[i].request);
        assert_refused(&reading, &cases.items[i], "alone");
        reading_end(&reading);
    }
}

static void a_fault_of_the_body_is_not_taken_for_one_of_the_head(void **state)
{
    (void)state;
    static const char *const files[] = {"hostile/chunked.txt", "hostile/trailers.txt"};
    for (size_t i = 0; i < ARRAY_LEN(files); i++) {
        struct cases bodies = {.count = 0};
        cases_load(&bodies, files[i]);
        for (unsigned j = 0; j < bodies.count; j++) {
            struct reading reading;
            reading_whole(&reading, NULL, bodies.items[j].request);
            assert_true(reading.head_done);
            assert_int_equal(reading.head.framing, HTTP_BODY_CHUNKED);
            reading_end(&reading);
        }
        cases_free(&bodies);
    }
}

/* Long ones are cut at 400 places only. */
static void each_cut_at_every_byte_is_refused_the_same(void **state)
{
    (void)state;
    struct reading whole, reading;
    for (unsigned i = 0; i < cases.count; i++) {
        struct slice request = cases.items[i].request;
        reading_whole(&whole, NULL, request);
        for (size_t cut = 0; cut <= request.len; cut += 1 + request.len / 400) {
            reading_cut(&reading, NULL, request, cut);
            assert_refused(&reading, &cases.items[i], "cut");
            assert_ptr_equal(reading.fault.reason, whole.fault.reason);
            reading_end(&reading);
        }
        reading_end(&whole);
    }
}

static void each_byte_by_byte_is_refused_the_same(void **state)
{
    (void)state;
    struct reading reading;
    for (unsigned i = 0; i < cases.count; i++) {
        if (cases.items[i].request.len > 2000)
            continue;
        reading_bytewise(&reading, NULL, cases.items[i].request);
        assert_refused(&reading, &cases.items[i], "byte by byte");
        reading_end(&reading);
    }
}

/* Reads the first request of two and checks that it is the valid one; what is left is the second. */
static struct slice behind(struct slice both, size_t valid_len)
{
    struct reading first;
    reading_whole(&first, NULL, both);
    assert_int_equal(first.got, HTTP_DONE);
    assert_int_equal(first.used, valid_len);
    reading_end(&first);
    return slice_skip(both, valid_len);
}

static void each_behind_a_valid_request_is_refused(void **state)
{
    (void)state;
    static const struct slice valid[] = {
        SLICE_INIT("GET /first HTTP/1.1\r\nHost: a\r\n\r\n"),
        SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"),
        SLICE_INIT("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
    };
    struct buf both;
    buf_init(&both, 1 << 20);
    for (unsigned i = 0; i < cases.count * ARRAY_LEN(valid); i++) {
        const struct http_case *item = &cases.items[i / ARRAY_LEN(valid)];
        struct slice before = valid[i % ARRAY_LEN(valid)];
        struct reading reading;
        buf_clear(&both);
        buf_add(&both, before);
        buf_add(&both, item->request);
        reading_whole(&reading, NULL, behind(buf_slice(&both), before.len));
        assert_refused(&reading, item, "behind a valid one");
        reading_end(&reading);
    }
    buf_done(&both);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_are_many_and_each_names_a_status_and_its_own_name),
        cmocka_unit_test(each_alone_is_refused),
        cmocka_unit_test(a_fault_of_the_body_is_not_taken_for_one_of_the_head),
        cmocka_unit_test(each_cut_at_every_byte_is_refused_the_same),
        cmocka_unit_test(each_byte_by_byte_is_refused_the_same),
        cmocka_unit_test(each_behind_a_valid_request_is_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
