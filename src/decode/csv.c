/* SPDX-License-Identifier: Apache-2.0 */
/* CSV by RFC 4180: the first line names the columns; values with `,`, `"` or a line's end stand in quotes, a `"` among
 * them doubled. Lines end in LF or CRLF. Without quotes NULL is null, as PostgREST has it; an empty value is an empty text.
 * Lines without a byte are passed over.
 *
 * A record is cut at the first line feed outside of quotes, where each `"` opens or closes; whether the quotes stand where
 * they may is looked at when its values are cut. */
#include "decode/decoder.h"

/* How many bytes belong to the present record. */
static size_t record_part(struct decoder *decoder, struct slice piece, bool *ret_ended)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (piece.data[i] == '"')
            decoder->quoted = !decoder->quoted;
        *ret_ended = piece.data[i] == '\n' && !decoder->quoted;
        if (*ret_ended)
            return i + 1;
    }
    return piece.len;
}

static enum error csv_feed(struct decoder *decoder, struct slice piece)
{
    enum error error = OK;
    while (error == OK && piece.len > 0) {
        bool ended = false;
        size_t len = record_part(decoder, piece, &ended);
        error = decoder_part(decoder, slice_of(piece.data, len), piece.len - len, ended);
        piece = slice_skip(piece, len);
    }
    return error;
}

static enum error csv_end(struct decoder *decoder)
{
    struct slice text = buf_slice(&decoder->carry);
    if (decoder->quoted)
        return decoder_fault(decoder, text, NULL, "A value in quotes has no end.");
    enum error error = decoder_last_line(decoder);
    if (error == OK && decoder->header.count == 0)
        return decoder_fault(decoder, SLICE(""), NULL, "There is no header line that names the columns.");
    return error;
}

/* ---- the values of one record ---- */

struct line {
    struct decoder *decoder;
    struct slice text; /* the record, for faults */
    struct slice rest; /* data NULL: no value is left */
};

static enum error line_fault(const struct line *line, const char *at, const char *why)
{
    return decoder_fault(line->decoder, line->text, at, why);
}

/* Cuts off `len` bytes and the comma behind them. */
static enum error cut(struct line *line, size_t len)
{
    if (len == line->rest.len) {
        line->rest = (struct slice){NULL, 0};
        return OK;
    }
    if (line->rest.data[len] != ',')
        return line_fault(line, line->rest.data + len,
                          "Behind a value in quotes there must be `,` or the line's end.");
    line->rest = slice_skip(line->rest, len + 1);
    return OK;
}

/* "a ""b"" c" → a "b" c, copied into decoder->text, which has room for all of the record. */
static enum error quoted_value(struct line *line, struct slice *ret_value)
{
    struct buf *text = &line->decoder->text;
    size_t begin = text->len, at = 1;
    for (;;) {
        struct slice rest = slice_skip(line->rest, at);
        size_t len = slice_find(rest, '"');
        if (len == rest.len)
            return line_fault(line, line->rest.data, "A value in quotes has no end.");
        buf_append(text, rest.data, len);
        at += len + 1;
        if (at == line->rest.len || line->rest.data[at] != '"')
            break;
        buf_byte(text, '"');
        at++;
    }
    POST(!text->failed);
    *ret_value = slice_of(text->data + begin, text->len - begin);
    return cut(line, at);
}

static enum error bare_value(struct line *line, struct slice *ret_value)
{
    size_t len = slice_find(line->rest, ',');
    struct slice value = slice_of(line->rest.data, len);
    size_t quote = slice_find(value, '"');
    if (quote < len)
        return line_fault(line, value.data + quote, "A value with `\"` must stand in quotes.");
    *ret_value = value;
    return cut(line, len);
}

static enum error next_value(struct line *line, struct field *ret_field)
{
    bool quoted = slice_starts(line->rest, SLICE("\""));
    struct slice value = {NULL, 0};
    enum error error = quoted ? quoted_value(line, &value) : bare_value(line, &value);
    if (error != OK)
        return error;
    bool null = !quoted && slice_eq(value, SLICE("NULL"));
    *ret_field =
        null ? (struct field){.token = TOKEN_NULL} : (struct field){.token = TOKEN_TEXT, .text = value};
    return OK;
}

/* All values of the record go to decoder->fields, without names. */
static enum error cut_values(struct decoder *decoder, struct slice text, struct slice bare)
{
    struct line line = {.decoder = decoder, .text = text, .rest = bare};
    enum error error = decoder_room(&decoder->text, bare.len);
    while (error == OK && line.rest.data != NULL) {
        struct field field;
        error = next_value(&line, &field);
        if (error == OK)
            error = decoder_field(decoder, &field);
    }
    return error;
}

/* ---- header and records ---- */

/* The names are copied: a header lives as long as its body. */
static enum error take_header(struct decoder *decoder, struct slice text)
{
    enum error error = decoder_room(&decoder->header_text, text.len);
    for (unsigned i = 0; error == OK && i < decoder->fields.count; i++) {
        const struct field *field = &decoder->fields.list[i];
        struct slice name = field->token == TOKEN_NULL ? SLICE("NULL") : field->text;
        if (name.len == 0)
            return decoder_fault(decoder, text, NULL, "A column of the header has no name.");
        struct field column = {.name = {decoder->header_text.data + decoder->header_text.len, name.len}};
        buf_add(&decoder->header_text, name);
        error = fields_add(&decoder->header, decoder->limits.fields_max, &column);
    }
    const struct field *repeated = error == OK ? fields_repeated(&decoder->header) : NULL;
    return repeated ? decoder_fault_repeated(decoder, repeated->name) : error;
}

static enum error name_values(struct decoder *decoder, struct slice text)
{
    unsigned count = decoder->fields.count, columns = decoder->header.count;
    if (count != columns) {
        struct slice why =
            arena_format(decoder->arena, "There are %u values, but the header names %u columns.", count,
                         columns);
        return decoder_fault(decoder, text, NULL, why.data);
    }
    for (unsigned i = 0; i < count; i++)
        decoder->fields.list[i].name = decoder->header.list[i].name;
    return OK;
}

static enum error csv_record(struct decoder *decoder, struct slice text)
{
    struct slice bare = text;
    if (slice_ends(bare, SLICE("\n")))
        bare.len--;
    if (slice_ends(bare, SLICE("\r")))
        bare.len--;
    if (bare.len == 0)
        return OK;
    size_t good = slice_utf8_span(bare);
    if (good < bare.len)
        return decoder_fault(decoder, text, bare.data + good, "These bytes are not UTF-8.");
    enum error error = cut_values(decoder, text, bare);
    if (error != OK)
        return error;
    if (decoder->header.count == 0)
        return take_header(decoder, text);
    error = name_values(decoder, text);
    return error == OK ? decoder_sink(decoder, false) : error;
}

const struct decode_format format_csv = {csv_feed, csv_end, csv_record};
