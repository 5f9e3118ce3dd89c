/* SPDX-License-Identifier: Apache-2.0 */
/* CORS: from the bytes of a request and the configured origins to the fields of the answer, as a table. */
#include "lib/unit.h"

#include "respond/respond.h"

#define CONSOLE "https://console.example.com"
#define EXPOSED \
    "Access-Control-Expose-Headers: Allow, Content-Location, Content-Range, ETag, " \
    "Idempotency-Body, Idempotency-Replayed, Link, Location, " \
    "Preference-Applied, Range-Unit, RateLimit, RateLimit-Policy, " \
    "Retry-After, X-Page-Size, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id\r\n"
#define ORIGIN(origin) "GET / HTTP/1.1\r\nHost: a\r\nOrigin: " origin "\r\n\r\n"
#define PREFLIGHT(fields) \
    "OPTIONS / HTTP/1.1\r\nHost: a\r\nAccess-Control-Request-Method: PATCH\r\n" fields "\r\n"
#define MAY(origin) "Vary: Origin\r\nAccess-Control-Allow-Origin: " origin "\r\n"
#define METHODS "Access-Control-Allow-Methods: GET, PATCH\r\n"
#define AGE "Access-Control-Max-Age: 600\r\n"
#define NOT "Vary: Origin\r\n"

static struct slice nobody[1], one[] = {SLICE_INIT(CONSOLE)}, any[] = {SLICE_INIT("*")};
static struct slice two[] = {SLICE_INIT("http://localhost:3000"), SLICE_INIT(CONSOLE)};

static const struct {
    const char *what;
    struct slice *origins;
    unsigned count;
    const char *request, *fields;
} cases[] = {
    {"nothing configured", nobody, 0, ORIGIN(CONSOLE), ""},
    {"nothing configured, preflight", nobody, 0, PREFLIGHT("Origin: " CONSOLE "\r\n"), ""},
    {"no origin", one, 1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NOT},
    {"the one", one, 1, ORIGIN(CONSOLE), MAY(CONSOLE) EXPOSED},
    {"the second of two", two, 2, ORIGIN(CONSOLE), MAY(CONSOLE) EXPOSED},
    {"another", one, 1, ORIGIN("https://evil.example.com"), NOT},
    {"another scheme", one, 1, ORIGIN("http://console.example.com"), NOT},
    {"another port", one, 1, ORIGIN(CONSOLE ":8443"), NOT},
    {"a longer host", one, 1, ORIGIN(CONSOLE ".evil.net"), NOT},
    {"a shorter host", one, 1, ORIGIN("https://console.example.co"), NOT},
    {"a subdomain", one, 1, ORIGIN("https://a.console.example.com"), NOT},
    {"another case", one, 1, ORIGIN("https://Console.example.com"), NOT},
    {"null", one, 1, ORIGIN("null"), NOT},
    {"null where any may", any, 1, ORIGIN("null"), NOT},
    {"a star from the client", one, 1, ORIGIN("*"), NOT},
    {"any", any, 1, ORIGIN("https://wherever.example"), MAY("*") EXPOSED},
    {"no origin where any may", any, 1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NOT},
    {"preflight", one, 1, PREFLIGHT("Origin: " CONSOLE "\r\n"), MAY(CONSOLE) METHODS AGE},
    {"preflight of another", one, 1, PREFLIGHT("Origin: https://evil.example\r\n"), NOT},
    {"preflight with safe headers", one, 1,
     PREFLIGHT("Origin: " CONSOLE "\r\nAccess-Control-Request-Headers: Prefer,content-type, X-Client-Info,"
               "apikey\r\n"),
     MAY(CONSOLE) METHODS
     "Access-Control-Allow-Headers: apikey, content-type, prefer, x-client-info\r\n" AGE},
    {"preflight with others among them", one, 1,
     PREFLIGHT("Origin: " CONSOLE "\r\nAccess-Control-Request-Headers: x-forwarded-for, prefer,prefer,,"
               "cookie\r\n"),
     MAY(CONSOLE) METHODS "Access-Control-Allow-Headers: prefer\r\n" AGE},
    {"preflight with others alone", one, 1,
     PREFLIGHT("Origin: " CONSOLE "\r\nAccess-Control-Request-Headers: x-evil\r\n"),
     MAY(CONSOLE) METHODS AGE},
    {"preflight into a private network", one, 1,
     PREFLIGHT("Origin: " CONSOLE "\r\nAccess-Control-Request-Private-Network: true\r\n"), NOT},
    {"OPTIONS that is no preflight", one, 1, "OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: " CONSOLE "\r\n\r\n",
     MAY(CONSOLE) EXPOSED},
};

static void decide(size_t i, struct arena *arena, struct cors *ret_cors)
{
    struct http_field fields[16];
    struct http_head head;
    struct http_limits limits = {4096, 4096, 4096};
    struct config config = {.cors = cases[i].origins, .cors_count = cases[i].count};
    http_head_init(&head, fields, ARRAY_LEN(fields));
    assert_int_equal(http_head_parse(&head, &limits, cases[i].request, strlen(cases[i].request)), HTTP_DONE);
    cors_decide(&config, &head, arena, ret_cors);
}

static void each_request_gets_its_fields_and_no_more(void **state)
{
    (void)state;
    struct arena arena;
    struct buf out;
    arena_init(&arena, 1024);
    buf_init(&out, 4096);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct cors cors;
        decide(i, &arena, &cors);
        buf_clear(&out);
        cors_write(&out, &cors, SLICE("GET, PATCH"));
        if (!slice_eq(buf_slice(&out), slice_str(cases[i].fields)))
            print_error("%s:\n", cases[i].what);
        assert_slice(buf_slice(&out), cases[i].fields);
    }
    buf_done(&out);
    arena_done(&arena);
}

static void a_problem_bears_the_fields_too(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 4096);
    struct answer answer = {.status = 404, .cors = {.configured = true, .origin = SLICE(CONSOLE)}};
    respond_head(&out, &answer);
    assert_non_null(memmem(out.data, out.len, MAY(CONSOLE) EXPOSED, strlen(MAY(CONSOLE) EXPOSED)));
    buf_done(&out);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(each_request_gets_its_fields_and_no_more),
    cmocka_unit_test(a_problem_bears_the_fields_too),
};

UNIT_TEST_MAIN(tests)
