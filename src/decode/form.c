/* SPDX-License-Identifier: Apache-2.0 */
/* A form (application/x-www-form-urlencoded, the URL Standard's section 5): all of the body is one record. Escapes are taken as
 * strictly as those of a URL. */
#include "decode/decoder.h"
#include "http/path.h"

static enum error form_feed(struct decoder *decoder, struct slice piece)
{
    return piece.len > 0 ? decoder_part(decoder, piece, 0, false) : OK;
}

static enum error form_end(struct decoder *decoder)
{
    return decoder_part(decoder, SLICE(""), 0, true);
}

/* Undoes escapes into decoder->text, which has room for all of the record. */
static bool unescape(struct decoder *decoder, struct slice raw, struct slice *ret_text)
{
    struct buf *text = &decoder->text;
    char *room = buf_room(text, raw.len);
    text->len += raw.len;
    POST(room != NULL || raw.len == 0);
    return http_decode_query(raw, room, ret_text);
}

static enum error form_record(struct decoder *decoder, struct slice text)
{
    enum error error = decoder_room(&decoder->text, text.len);
    struct slice rest = text, name, value;
    while (error == OK && http_query_next(&rest, &name, &value)) {
        struct field field = {.token = TOKEN_TEXT};
        if (!unescape(decoder, name, &field.name) || !unescape(decoder, value, &field.text))
            return decoder_fault(decoder, text, name.data,
                                 "A `%` here begins no escape, or what it stands for is not UTF-8.");
        error = decoder_field(decoder, &field);
    }
    return error == OK ? decoder_sink(decoder, true) : error;
}

const struct decode_format format_form = {form_feed, form_end, form_record};
