/* SPDX-License-Identifier: Apache-2.0 */
/* The checker of JSON: what RFC 8259 allows, what it does not, and that no byte beyond the text is looked at. */
#include "lib/unit.h"

#include "base/check.h"
#include "base/json.h"

/* From the heap and of exactly this length, so that a sanitizer sees a look beyond the end. */
static bool valid(const char *data, size_t len)
{
    char *exact = malloc(len ? len : 1);
    memcpy(exact, data, len);
    bool is_valid = json_is_valid(slice_of(exact, len));
    free(exact);
    return is_valid;
}

static const char *const good[] = {
    "0",
    "-0",
    "17",
    "-1.5",
    "1e5",
    "1E+05",
    "0.25e-3",
    "true",
    "false",
    "null",
    "\"\"",
    "\"a\\u00e9\\ud83d\\ude00\"",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
    "\"\x7f\xc3\xa9\xf0\x9f\x98\x80\"",
    "[]",
    "{}",
    "[ ]",
    "{ }",
    "[[],{}]",
    " \t\r\n[1 , 2]\n",
    "{\"a\":1}",
    "{\"a\" : {\"b\" : [ null , {} ] } , \"a\":2}",
    "[[[[[[1]]]]]]",
    "{\"\":\"\"}",
    "[true,false,null,1,\"x\"]",
};

static const char *const bad[] = {
    "",
    " ",
    "-",
    "+1",
    "01",
    "-01",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "1 2",
    "tru",
    "truee",
    "True",
    "nul",
    "NaN",
    "Infinity",
    "'a'",
    "\"",
    "\"a",
    "\"\\\"",
    "\"\\x41\"",
    "\"\\u12\"",
    "\"\\u12g4\"",
    "\"a\nb\"",
    "\"\x1f\"",
    "[",
    "]",
    "{",
    "}",
    "[}",
    "{]",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1,,2]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1",
    "{\"a\":1,}",
    "{,}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1 \"b\":2}",
    "{\"a\":1]",
    "[1}",
    "[]]",
    "{}{}",
    "1,",
    ",1",
    "1 // x",
    "\xef\xbb\xbf{}",
    "\"\xff\"",
    "\"\xed\xa0\x80\"",
    "\"\xc0\x80\"",
    "[\"\xc3\"]",
};

static void what_rfc_8259_allows_is_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++)
        if (!valid(good[i], strlen(good[i])))
            fail_msg("refused: %s", good[i]);
}

static void what_it_does_not_allow_is_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (valid(bad[i], strlen(bad[i])))
            fail_msg("accepted: %s", bad[i]);
    assert_false(valid("1\0", 2));
    assert_false(valid("\"\0\"", 3));
    assert_false(json_is_valid((struct slice){NULL, 0}));
}

static void a_text_cut_short_is_never_valid(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"b\":\"c\\u00e9\\n\"},null,true,-1.5e+3],\"d\":{}}";
    for (size_t len = 0; len + 1 < sizeof text; len++)
        assert_false(valid(text, len));
    assert_true(valid(text, sizeof text - 1));
}

/* `depth` levels, arrays and objects in turns, around `innermost`. */
static size_t nest(char *to, unsigned depth, const char *innermost)
{
    char *at = to;
    for (unsigned i = 0; i < depth; i++)
        at = i % 2 ? mempcpy(at, "{\"k\":", 5) : mempcpy(at, "[", 1);
    at = mempcpy(at, innermost, strlen(innermost));
    for (unsigned i = depth; i-- > 0;)
        *at++ = i % 2 ? '}' : ']';
    return (size_t)(at - to);
}

static void nesting_is_allowed_to_its_limit_and_no_deeper(void **state)
{
    (void)state;
    static char text[8 * JSON_DEPTH_MAX];
    assert_true(valid(text, nest(text, JSON_DEPTH_MAX, "1")));
    assert_false(valid(text, nest(text, JSON_DEPTH_MAX + 1, "1")));
    size_t len = nest(text, JSON_DEPTH_MAX, "1");
    for (size_t i = len - JSON_DEPTH_MAX; i < len; i += 63) { /* a bracket of the wrong kind at some level */
        char was = text[i];
        text[i] = was == ']' ? '}' : ']';
        assert_false(valid(text, len));
        text[i] = was;
    }
    memset(text, '[', sizeof text);
    assert_false(valid(text, sizeof text));
}

static void only_a_number_alone_is_a_number(void **state)
{
    (void)state;
    assert_true(json_is_number(SLICE("-12.50e-7")));
    assert_true(json_is_number(SLICE("0")));
    static const char *const others[] = {"",   "-",   "1 ",   " 1",    "1,2", "01",
                                         "1e", "NaN", "true", "\"1\"", "1}"};
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        assert_false(json_is_number(slice_str(others[i])));
    assert_false(json_is_number((struct slice){NULL, 0}));
}

static void a_string_says_what_stands_between_its_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *quoted, *text; /* NULL: it is none */
    } strings[] = {
        {"\"\"", ""},
        {"\"a b\"", "a b"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t"},
        {"\"\\u0041\\u00e9\\u20AC\"", "Aé€"},
        {"\"\\ud83c\\udfa1\"", "🎡"},
        {"\"\\\\u0041\"", "\\u0041"},
        {"\"\\ud83c\"", NULL},
        {"\"\\ud83cx\"", NULL},
        {"\"\\ud83c\\u0041\"", NULL},
        {"\"\\udfa1\"", NULL},
    };
    struct arena arena;
    arena_init(&arena, 1024);
    for (size_t i = 0; i < ARRAY_LEN(strings); i++) {
        struct slice text = {NULL, 0};
        assert_int_equal(json_unescape(&arena, slice_str(strings[i].quoted), &text), strings[i].text != NULL);
        if (strings[i].text)
            assert_slice(text, strings[i].text);
    }
    struct slice nul;
    assert_true(json_unescape(&arena, SLICE("\"a\\u0000b\""), &nul));
    assert_true(nul.len == 3 && nul.data[1] == '\0');
    arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_rfc_8259_allows_is_valid),
    cmocka_unit_test(what_it_does_not_allow_is_not),
    cmocka_unit_test(a_text_cut_short_is_never_valid),
    cmocka_unit_test(nesting_is_allowed_to_its_limit_and_no_deeper),
    cmocka_unit_test(only_a_number_alone_is_a_number),
    cmocka_unit_test(a_string_says_what_stands_between_its_quotes),
};

UNIT_TEST_MAIN(tests)
