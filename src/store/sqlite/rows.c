/* SPDX-License-Identifier: Apache-2.0 */
/* Cells from a statement's columns: rows.h says how each looks. */
#include "store/sqlite/rows.h"

#include "base/mem.h"
#include "store/sqlite/cell.h"

void lite_rows_init(struct lite_rows *rows, size_t bytes_max, size_t cells_max)
{
    PRE(bytes_max > 0 && cells_max > 0);
    *rows = (struct lite_rows){.span_max = cells_max};
    buf_init(&rows->bytes, bytes_max);
}

void lite_rows_done(struct lite_rows *rows)
{
    buf_done(&rows->bytes);
    mem_free(rows->spans);
    mem_free(rows->cells);
    *rows = (struct lite_rows){0};
}

bool lite_rows_begin(struct lite_rows *rows, unsigned columns)
{
    buf_clear(&rows->bytes);
    rows->span_count = 0;
    rows->columns = columns;
    if (columns <= rows->cell_cap)
        return true;
    struct slice *cells = mem_resize(rows->cells, columns * sizeof *cells);
    if (!cells)
        return false;
    rows->cells = cells;
    rows->cell_cap = columns;
    return true;
}

static bool spans_grow(struct lite_rows *rows, size_t count)
{
    size_t cap = rows->span_cap ? rows->span_cap : 64;
    while (cap < count)
        cap *= 2;
    struct lite_span *spans = mem_resize(rows->spans, cap * sizeof *spans);
    if (!spans)
        return false;
    rows->spans = spans;
    rows->span_cap = cap;
    return true;
}

static struct lite_span cell_bytes(struct lite_rows *rows, struct slice bytes, bool copy)
{
    if (!copy && bytes.data != NULL)
        return (struct lite_span){.direct = bytes.data, .len = bytes.len};
    size_t at = rows->bytes.len;
    buf_add(&rows->bytes, bytes);
    return (struct lite_span){.at = at, .len = bytes.len};
}

static struct slice column_text(sqlite3_stmt *stmt, int column)
{
    const char *text = (const char *)sqlite3_column_text(stmt, column); /* before _bytes: it may convert */
    return slice_of(text, (size_t)sqlite3_column_bytes(stmt, column));
}

static struct slice column_blob(sqlite3_stmt *stmt, int column)
{
    const char *blob = sqlite3_column_blob(stmt, column);
    return slice_of(blob, (size_t)sqlite3_column_bytes(stmt, column));
}

static struct lite_span cell_of(struct lite_rows *rows, sqlite3_stmt *stmt, int column, bool json, bool copy)
{
    size_t at = rows->bytes.len;
    switch (sqlite3_column_type(stmt, column)) {
    case SQLITE_INTEGER:
        lite_cell_integer(&rows->bytes, sqlite3_column_int64(stmt, column));
        break;
    case SQLITE_FLOAT:
        lite_cell_real(&rows->bytes, sqlite3_column_double(stmt, column), json);
        break;
    case SQLITE_TEXT:
        if (!json)
            return cell_bytes(rows, column_text(stmt, column), copy);
        buf_json_mended(&rows->bytes, column_text(stmt, column));
        break;
    case SQLITE_BLOB:
        if (!json)
            return cell_bytes(rows, column_blob(stmt, column), copy);
        lite_cell_json_blob(&rows->bytes, column_blob(stmt, column));
        break;
    default:
        return (struct lite_span){.at = SIZE_MAX};
    }
    return (struct lite_span){.at = at, .len = rows->bytes.len - at};
}

bool lite_rows_add(struct lite_rows *rows, sqlite3_stmt *stmt, const bool *dynamic, bool copy)
{
    PRE((unsigned)sqlite3_data_count(stmt) == rows->columns);
    size_t count = rows->span_count + rows->columns;
    if (count > rows->span_max || (count > rows->span_cap && !spans_grow(rows, count)))
        return false;
    for (unsigned i = 0; i < rows->columns; i++)
        rows->spans[rows->span_count + i] = cell_of(rows, stmt, (int)i, dynamic[i], copy);
    rows->span_count = count;
    return !rows->bytes.failed;
}

static struct slice cell_slice(const struct lite_rows *rows, const struct lite_span *span)
{
    if (span->at == SIZE_MAX)
        return slice_of(NULL, 0);
    if (span->len == 0)
        return SLICE("");
    return slice_of(span->direct ? span->direct : rows->bytes.data + span->at, span->len);
}

bool lite_rows_give(struct lite_rows *rows, const struct row_sink *sink, unsigned *given)
{
    PRE(!rows->bytes.failed);
    bool wants = true;
    for (size_t at = 0; wants && at < rows->span_count; at += rows->columns) {
        for (unsigned i = 0; i < rows->columns; i++)
            rows->cells[i] = cell_slice(rows, &rows->spans[at + i]);
        wants = sink->on_row(sink->context, rows->cells, rows->columns);
        ++*given;
    }
    rows->span_count = 0;
    buf_clear(&rows->bytes);
    return wants;
}
