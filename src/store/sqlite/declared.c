/* SPDX-License-Identifier: Apache-2.0 */
/* Declared types by their first word: declared.h has the table. */
#include "store/sqlite/declared.h"

#include <ctype.h>

#include "base/check.h"

enum { SCALE_MAX = 18 }; /* an INTEGER has no more digits to spare */

static const struct word {
    struct slice word;
    struct type type;
} words[] = {
#define TYPE_INT \
    { \
        .kind = VALUE_INT, .name = SLICE_INIT("INTEGER"), .bits = 64, .orderable = true \
    }
    {SLICE_INIT("INTEGER"), TYPE_INT},
    {SLICE_INIT("INT"), TYPE_INT},
    {SLICE_INIT("BIGINT"), TYPE_INT},
    {SLICE_INIT("SMALLINT"), TYPE_INT},
    {SLICE_INIT("TINYINT"), TYPE_INT},
    {SLICE_INIT("MEDIUMINT"), TYPE_INT},
    {SLICE_INIT("INT2"), TYPE_INT},
    {SLICE_INIT("INT4"), TYPE_INT},
    {SLICE_INIT("INT8"), TYPE_INT},
    {SLICE_INIT("UNSIGNED"), TYPE_INT},
#define TYPE_BOOL \
    { \
        .kind = VALUE_BOOL, .name = SLICE_INIT("BOOLEAN"), .orderable = true \
    }
    {SLICE_INIT("BOOLEAN"), TYPE_BOOL},
    {SLICE_INIT("BOOL"), TYPE_BOOL},
#define TYPE_NUMERIC \
    { \
        .kind = VALUE_NUMERIC, .name = SLICE_INIT("NUMERIC"), .orderable = true \
    }
    {SLICE_INIT("NUMERIC"), TYPE_NUMERIC},
    {SLICE_INIT("DECIMAL"), TYPE_NUMERIC},
#define TYPE_FLOAT \
    { \
        .kind = VALUE_FLOAT, .name = SLICE_INIT("REAL"), .bits = 64, .orderable = true \
    }
    {SLICE_INIT("REAL"), TYPE_FLOAT},
    {SLICE_INIT("DOUBLE"), TYPE_FLOAT},
    {SLICE_INIT("FLOAT"), TYPE_FLOAT},
#define TYPE_TIMESTAMP \
    { \
        .kind = VALUE_TIMESTAMPTZ, .name = SLICE_INIT("TIMESTAMP"), .orderable = true \
    }
    {SLICE_INIT("TIMESTAMP"), TYPE_TIMESTAMP},
    {SLICE_INIT("TIMESTAMPTZ"), TYPE_TIMESTAMP},
    {SLICE_INIT("DATE"), {.kind = VALUE_DATE, .name = SLICE_INIT("DATE"), .orderable = true}},
#define TYPE_JSON \
    { \
        .kind = VALUE_JSON, .name = SLICE_INIT("JSON") \
    }
    {SLICE_INIT("JSON"), TYPE_JSON},
    {SLICE_INIT("JSONB"), TYPE_JSON},
    {SLICE_INIT("UUID"), {.kind = VALUE_UUID, .name = SLICE_INIT("UUID"), .orderable = true}},
#define TYPE_BLOB \
    { \
        .kind = VALUE_BYTEA, .name = SLICE_INIT("BLOB"), .orderable = true \
    }
    {SLICE_INIT("BLOB"), TYPE_BLOB},
    {SLICE_INIT("BYTEA"), TYPE_BLOB},
};

static struct slice first_word(struct slice *rest)
{
    size_t len = 0;
    while (len < rest->len && (isalnum((unsigned char)rest->data[len]) || rest->data[len] == '_'))
        len++;
    struct slice word = slice_of(rest->data, len);
    *rest = slice_trim(slice_skip(*rest, len));
    return word;
}

/* "(12,2)" or "(12)". */
static bool read_scale(struct slice text, int64_t *ret_precision, int64_t *ret_scale)
{
    if (text.len < 3 || text.data[0] != '(')
        return false;
    struct slice inside = slice_of(text.data + 1, slice_find(text, ')') - 1);
    if (inside.len + 2 > text.len)
        return false;
    struct slice precision = slice_trim(slice_cut(&inside, ','));
    int64_t scale = 0;
    if (!slice_to_int(precision, ret_precision) || (inside.data && !slice_to_int(slice_trim(inside), &scale)))
        return false;
    *ret_scale = scale;
    return *ret_precision > 0 && *ret_precision <= 1000 && scale >= 0 && scale <= SCALE_MAX &&
           scale <= *ret_precision;
}

static struct type with_scale(struct arena *arena, struct type type, struct slice rest)
{
    int64_t precision, scale;
    if (!read_scale(rest, &precision, &scale))
        return type;
    type.kind = VALUE_DECIMAL;
    type.scale = (unsigned)scale;
    type.name = arena_format(arena, "DECIMAL(%d,%d)", (int)precision, (int)scale);
    return type;
}

struct type lite_declared_type(struct arena *arena, const char *declared)
{
    PRE(arena);
    struct slice rest = slice_trim(slice_str(declared));
    if (rest.len == 0)
        return (struct type){.kind = VALUE_DYNAMIC, .name = SLICE("ANY")};
    struct slice word = first_word(&rest);
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (!slice_eq_nocase(word, words[i].word))
            continue;
        struct type type = words[i].type;
        return type.kind == VALUE_NUMERIC ? with_scale(arena, type, rest) : type;
    }
    return (struct type){.kind = VALUE_TEXT, .name = SLICE("TEXT"), .orderable = true};
}
