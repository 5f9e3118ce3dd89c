/* SPDX-License-Identifier: Apache-2.0 */
/* JSON bodies: one object, or an array of objects, cut at the objects' ends as the bytes come:
 *
 *   START ──'{'──────────► RECORD ─────────────────────────► END
 *     └──'['─► FIRST ─'{'─► RECORD ─► AFTER ─','─► NEXT ─'{'─► RECORD …
 *                └─']'─► END            └─']'─► END
 *
 * A record's end is found by counting brackets outside of strings; whether they match is the object reader's to say. And NDJSON: a
 * line is a record, for no string holds a bare line feed. */
#include "base/json.h"
#include "decode/decoder.h"

static const struct {
    enum json_at from;
    char byte;
    enum json_at to;
} moves[] = {
    {JSON_AT_START, '{', JSON_AT_RECORD},  {JSON_AT_START, '[', JSON_AT_FIRST},
    {JSON_AT_FIRST, '{', JSON_AT_RECORD},  {JSON_AT_FIRST, ']', JSON_AT_END},
    {JSON_AT_NEXT, '{', JSON_AT_RECORD},   {JSON_AFTER_RECORD, ',', JSON_AT_NEXT},
    {JSON_AFTER_RECORD, ']', JSON_AT_END},
};

/* When another byte comes there. */
static const char *const wrong_byte[] = {
    [JSON_AT_START] = "The body must be a JSON object or an array of objects.",
    [JSON_AT_FIRST] = "The elements of the array must be objects.",
    [JSON_AT_NEXT] = "The elements of the array must be objects.",
    [JSON_AFTER_RECORD] = "Behind an element there must be `,` or `]`.",
    [JSON_AT_END] = "Something follows the end of the JSON.",
};

static const char *const ends_early[] = {
    [JSON_AT_START] = "The body is empty: a JSON object or an array of objects is needed.",
    [JSON_AT_FIRST] = "The array has no end.",
    [JSON_AT_NEXT] = "The array has no end.",
    [JSON_AT_RECORD] = "The object has no end.",
    [JSON_AFTER_RECORD] = "The array has no end.",
};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

/* A bracket and white space between records: the byte moves on to where it leads. */
static enum error between(struct decoder *decoder, struct slice *piece)
{
    char byte = piece->data[0];
    enum json_at from = decoder->json_at;
    for (unsigned i = 0; i < ARRAY_LEN(moves) && decoder->json_at == from; i++)
        if (moves[i].from == from && moves[i].byte == byte)
            decoder->json_at = moves[i].to;
    if (decoder->json_at == from && !is_space(byte))
        return decoder_fault(decoder, *piece, NULL, wrong_byte[from]);
    if (decoder->json_at == JSON_AT_RECORD)
        return OK; /* the bracket belongs to the record */
    decoder->is_list |= from == JSON_AT_START && byte == '[';
    decoder->bytes++;
    decoder->lines += byte == '\n';
    *piece = slice_skip(*piece, 1);
    return OK;
}

/* How many bytes belong to the present record; its depth is 0 behind its end. */
static size_t record_part(struct decoder *decoder, struct slice piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        char byte = piece.data[i];
        if (decoder->escaped) {
            decoder->escaped = false;
        } else if (decoder->in_string) {
            decoder->escaped = byte == '\\';
            decoder->in_string = byte != '"';
        } else if (byte == '"') {
            decoder->in_string = true;
        } else if (byte == '{' || byte == '[') {
            decoder->depth++;
        } else if ((byte == '}' || byte == ']') && --decoder->depth == 0) {
            return i + 1;
        }
    }
    return piece.len;
}

static enum error within(struct decoder *decoder, struct slice *piece)
{
    size_t len = record_part(decoder, *piece);
    bool ended = decoder->depth == 0;
    struct slice part = slice_of(piece->data, len);
    *piece = slice_skip(*piece, len);
    if (ended)
        decoder->json_at = decoder->is_list ? JSON_AFTER_RECORD : JSON_AT_END;
    return decoder_part(decoder, part, piece->len, ended);
}

static enum error json_feed(struct decoder *decoder, struct slice piece)
{
    enum error error = OK;
    while (error == OK && piece.len > 0)
        error = decoder->json_at == JSON_AT_RECORD ? within(decoder, &piece) : between(decoder, &piece);
    return error;
}

static enum error json_end(struct decoder *decoder)
{
    if (decoder->json_at == JSON_AT_END)
        return OK;
    return decoder_fault(decoder, buf_slice(&decoder->carry), NULL, ends_early[decoder->json_at]);
}

static enum error json_record(struct decoder *decoder, struct slice text)
{
    enum error error = decoder_object(decoder, text);
    return error == OK ? decoder_sink(decoder, !decoder->is_list) : error;
}

const struct decode_format format_json = {json_feed, json_end, json_record};

/* ---- NDJSON ---- */

static enum error ndjson_feed(struct decoder *decoder, struct slice piece)
{
    enum error error = OK;
    while (error == OK && piece.len > 0) {
        size_t len = slice_find(piece, '\n');
        bool ended = len < piece.len;
        struct slice part = slice_of(piece.data, len + ended);
        piece = slice_skip(piece, part.len);
        error = decoder_part(decoder, part, piece.len, ended);
    }
    return error;
}

static enum error ndjson_record(struct decoder *decoder, struct slice text)
{
    struct slice object = json_trim(text);
    if (object.len == 0)
        return OK;
    if (object.data[0] != '{')
        return decoder_fault(decoder, text, object.data, "Each line must be a JSON object.");
    object = slice_of(text.data, (size_t)(object.data + object.len - text.data));
    enum error error = decoder_object(decoder, object);
    return error == OK ? decoder_sink(decoder, false) : error;
}

const struct decode_format format_ndjson = {ndjson_feed, decoder_last_line, ndjson_record};
