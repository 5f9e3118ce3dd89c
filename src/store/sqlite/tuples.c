/* SPDX-License-Identifier: Apache-2.0 */
/* leat_tuple and leat_tuples: tuples.h says what they give. Both write into a buf whose memory SQLite then takes over. */
#include "store/sqlite/tuples.h"

#include <limits.h>

#include "base/check.h"
#include "base/mem.h"
#include "store/sqlite/cell.h"

enum { LENGTH_BYTES = 4 };
static const uint32_t length_null = UINT32_MAX;

static void length_put(char *to, uint32_t length)
{
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        to[i] = (char)(length >> 8 * i);
}

/* What is appended between open and close has its length before it. */
static size_t length_open(struct buf *to)
{
    char *room = buf_room(to, LENGTH_BYTES);
    to->len += room ? LENGTH_BYTES : 0;
    return to->len;
}

static void length_close(struct buf *to, size_t opened)
{
    if (to->failed)
        return;
    POST(to->len - opened < length_null);
    length_put(to->data + opened - LENGTH_BYTES, (uint32_t)(to->len - opened));
}

static void add_value(struct buf *to, sqlite3_value *value, char letter)
{
    size_t opened = length_open(to);
    bool null = sqlite3_value_type(value) == SQLITE_NULL;
    if (!null)
        lite_cell_value(to, value, letter == 'd');
    length_close(to, opened);
    if (null && !to->failed)
        length_put(to->data + opened - LENGTH_BYTES, length_null);
}

/* The function's result; the buf is empty then. */
static void give(sqlite3_context *context, struct buf *from)
{
    if (from->failed && from->no_memory) {
        sqlite3_result_error_nomem(context);
    } else if (from->failed) {
        sqlite3_result_error_toobig(context);
    } else if (from->len == 0) {
        sqlite3_result_zeroblob(context, 0);
    } else {
        sqlite3_result_blob64(context, from->data, from->len, mem_free);
        from->data = NULL; /* SQLite's now */
    }
    buf_done(from);
}

static size_t bytes_max_of(sqlite3_context *context)
{
    return (size_t)sqlite3_user_data(context);
}

/* Whether each value has its letter. */
static bool spec_fits(struct slice spec, unsigned count, sqlite3_value **values)
{
    if (spec.len != count)
        return false;
    for (unsigned i = 0; i < count; i++) {
        int type = sqlite3_value_type(values[i]);
        bool tuple = type == SQLITE_BLOB || type == SQLITE_NULL;
        char letter = spec.data[i];
        if (letter != '.' && letter != 'd' && !(letter == 't' && tuple))
            return false;
    }
    return true;
}

static void tuple(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    const char *text = count > 0 ? (const char *)sqlite3_value_text(arguments[0]) : NULL;
    struct slice spec = slice_of(text, text ? (size_t)sqlite3_value_bytes(arguments[0]) : 0);
    if (!text || !spec_fits(spec, (unsigned)count - 1, arguments + 1)) {
        sqlite3_result_error(context, "leat_tuple: its spec does not fit its values", -1);
        return;
    }
    struct buf to;
    buf_init(&to, bytes_max_of(context));
    for (size_t i = 0; i < spec.len; i++)
        add_value(&to, arguments[1 + i], spec.data[i]);
    give(context, &to);
}

/* The aggregate's state, all zero before its first row. */
struct tuples {
    struct buf list;
};

static void tuples_step(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    PRE(count == 1);
    struct tuples *tuples = sqlite3_aggregate_context(context, sizeof *tuples);
    if (!tuples) {
        sqlite3_result_error_nomem(context);
        return;
    }
    if (sqlite3_value_type(arguments[0]) != SQLITE_BLOB) {
        sqlite3_result_error(context, "leat_tuples: takes tuples", -1);
        return;
    }
    if (tuples->list.max == 0)
        buf_init(&tuples->list, bytes_max_of(context));
    size_t opened = length_open(&tuples->list);
    lite_cell_value(&tuples->list, arguments[0], false);
    length_close(&tuples->list, opened);
    if (tuples->list.failed) /* now, not at the end of all the rows */
        give(context, &tuples->list);
}

/* Comes once for each begun, whatever ended it. */
static void tuples_final(sqlite3_context *context)
{
    struct tuples *tuples = sqlite3_aggregate_context(context, 0);
    struct buf none;
    buf_init(&none, 1);
    give(context, tuples ? &tuples->list : &none);
}

bool lite_tuples_add(sqlite3 *db, size_t bytes_max)
{
    PRE(bytes_max > 0);
    int flags = SQLITE_UTF8 | SQLITE_DIRECTONLY;
    void *data = (void *)(bytes_max < INT_MAX ? bytes_max : INT_MAX);
    return sqlite3_create_function(db, "leat_tuple", -1, flags | SQLITE_DETERMINISTIC, data, tuple, NULL,
                                   NULL) == SQLITE_OK &&
           sqlite3_create_function(db, "leat_tuples", 1, flags, data, NULL, tuples_step, tuples_final) ==
               SQLITE_OK;
}
