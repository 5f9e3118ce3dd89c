/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics tells of other services. */
#include "lib/unit.h"
#include "observe/metrics.h"
#include "request/upstream_step.h"

static const struct config_upstream configs[] = {
    {.path = {.text = SLICE_INIT("/a")},
     .origin = SLICE_INIT("http://127.0.0.1:1"),
     .connect_ms = 1,
     .timeout_ms = 1,
     .concurrent_max = 1},
    {.path = {.text = SLICE_INIT("/b/")},
     .origin = SLICE_INIT("http://127.0.0.1:2"),
     .connect_ms = 1,
     .timeout_ms = 1,
     .concurrent_max = 1},
};

static struct buf page_of(unsigned count)
{
    struct config config = {.upstreams = (struct config_upstream *)configs, .upstream_count = count};
    struct upstream **upstreams = upstreams_new(&config, NULL);
    struct buf out;
    buf_init(&out, 1 << 20);
    struct metrics_page page = {.out = &out};
    upstreams_metrics(upstreams, &config, &page);
    upstreams_free(upstreams, &config);
    return out;
}

static void every_service_has_its_samples_in_each_family(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "# TYPE leat_upstream_calls_total counter\n",
        "leat_upstream_calls_total{path=\"/a\",outcome=\"ok\"} 0\n",
        "leat_upstream_calls_total{path=\"/b/\",outcome=\"open\"} 0\n",
        "leat_upstream_in_flight{path=\"/b/\"} 0\n",
        "leat_upstream_up{path=\"/a\"} 1\n",
        "leat_upstream_opened_total{path=\"/a\"} 0\n",
        "leat_upstream_retries_total{path=\"/a\"} 0\n",
        "leat_upstream_cancelled_total{path=\"/b/\"} 0\n",
    };
    struct buf out = page_of(2);
    for (size_t i = 0; i < ARRAY_LEN(lines); i++)
        if (!memmem(out.data, out.len, lines[i], strlen(lines[i])))
            fail_msg("%s is not in\n%.*s", lines[i], (int)out.len, out.data);
    buf_done(&out);
}

static void without_services_nothing_is_told(void **state)
{
    (void)state;
    struct buf out = page_of(0);
    assert_int_equal(out.len, 0);
    buf_done(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(every_service_has_its_samples_in_each_family),
    cmocka_unit_test(without_services_nothing_is_told),
};

UNIT_TEST_MAIN(tests)
