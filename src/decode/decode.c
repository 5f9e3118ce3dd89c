/* SPDX-License-Identifier: Apache-2.0 */
/* What all formats share: the life of a decoder, records put together from their parts, faults and their places.
 *
 * A record that lies whole in its piece, with room to look behind it, is read where it lies. One that was cut is copied
 * together first. It can fail by faults of the body, by limits (both are problems that say where), by memory, and by
 * what the sink says. */
#include "decode/decode.h"

#include "base/mem.h"
#include "decode/decoder.h"

/* A record comes with its line's end, which does not count. */
#define LINE_END_BYTES_MAX 2

static const struct decode_format *const formats[] = {[BODY_JSON] = &format_json,
                                                      [BODY_NDJSON] = &format_ndjson,
                                                      [BODY_CSV] = &format_csv,
                                                      [BODY_FORM] = &format_form};

/* U+FEFF, as Excel writes it before a CSV: RFC 8259, section 8.1, lets a parser pass over it. */
static const char mark[3] = "\xef\xbb\xbf";

struct decoder *decoder_new(void)
{
    struct decoder *decoder = mem_try(sizeof *decoder);
    if (decoder)
        decoder->magic = DECODER_MAGIC;
    return decoder;
}

static void forget_body(struct decoder *decoder)
{
    buf_done(&decoder->carry);
    buf_done(&decoder->text);
    buf_done(&decoder->header_text);
}

void decoder_free(struct decoder *decoder)
{
    if (decoder == NULL)
        return;
    CHECK_MAGIC(decoder, DECODER_MAGIC);
    forget_body(decoder);
    fields_done(&decoder->fields);
    fields_done(&decoder->header);
    object_reader_free(decoder->reader);
    decoder->magic = 0;
    mem_free(decoder);
}

void decode_begin(struct decoder *decoder, enum body_format format, const struct decode_limits *limits,
                  const struct decode_sink *sink, struct arena *arena)
{
    CHECK_MAGIC(decoder, DECODER_MAGIC);
    PRE(format < ARRAY_LEN(formats));
    forget_body(decoder);
    struct fields fields = decoder->fields, header = decoder->header;
    fields.count = header.count = 0;
    *decoder = (struct decoder){.magic = DECODER_MAGIC,
                                .format = formats[format],
                                .limits = *limits,
                                .sink = *sink,
                                .arena = arena,
                                .fields = fields,
                                .header = header,
                                .reader = decoder->reader};
    size_t most = limits->record_bytes_max + LINE_END_BYTES_MAX;
    buf_init(&decoder->carry, most + OBJECT_PADDING);
    buf_init(&decoder->text, most);
    buf_init(&decoder->header_text, most);
}

/* What is left of the piece behind the mark, which may come in pieces too. What only began like one belongs to the body. */
static enum error pass_mark(struct decoder *decoder, struct slice *piece, bool last)
{
    while (decoder->mark < sizeof mark && piece->len > 0 && piece->data[0] == mark[decoder->mark]) {
        decoder->mark++;
        *piece = slice_skip(*piece, 1);
    }
    if (decoder->mark == sizeof mark)
        decoder->bytes = sizeof mark;
    else if (piece->len > 0 || last) {
        struct slice begun = slice_of(mark, decoder->mark);
        decoder->mark = sizeof mark;
        return decoder->format->feed(decoder, begun);
    }
    return OK;
}

enum error decode_feed(struct decoder *decoder, struct slice piece, bool last, struct problem *ret_problem)
{
    CHECK_MAGIC(decoder, DECODER_MAGIC);
    PRE(!decoder->failed);
    enum error error = decoder->mark < sizeof mark ? pass_mark(decoder, &piece, last) : OK;
    if (error == OK)
        error = decoder->format->feed(decoder, piece);
    if (error == OK && last)
        error = decoder->format->end(decoder);
    decoder->failed = error != OK;
    if (problem_is(&decoder->problem))
        *ret_problem = decoder->problem;
    return error;
}

/* ---- faults ---- */

static uint64_t lines_in(struct slice text)
{
    uint64_t lines = 0;
    if (text.len == 0)
        return 0;
    const char *at = text.data, *end = at + text.len;
    for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        lines++;
    return lines;
}

static enum error fail(struct decoder *decoder, struct problem problem, struct slice before, const char *why)
{
    problem.pg_code = SLICE("PGRST102");
    problem.place = SLICE("body");
    problem.detail = arena_format(decoder->arena, "%s (Record %llu; line %llu, byte %llu of the body.)", why,
                                  (unsigned long long)decoder->records + 1,
                                  (unsigned long long)(decoder->lines + lines_in(before) + 1),
                                  (unsigned long long)(decoder->bytes + before.len + 1));
    decoder->problem = problem;
    return ERR_PROBLEM;
}

enum error decoder_fault(struct decoder *decoder, struct slice text, const char *at, const char *why)
{
    struct slice before = slice_of(text.data, at ? (size_t)(at - text.data) : 0);
    PRE(before.len <= text.len);
    return fail(decoder, (struct problem){.status = 400, .code = SLICE("malformed-body")}, before, why);
}

static enum error too_large(struct decoder *decoder, const char *why, const char *hint)
{
    struct problem problem = {.status = 413, .code = SLICE("record-too-large"), .hint = slice_str(hint)};
    return fail(decoder, problem, SLICE(""), why);
}

/* ---- records ---- */

enum error decoder_room(struct buf *buf, size_t bytes)
{
    buf_clear(buf);
    bytes = bytes > 0 ? bytes : 1; /* where there is no memory there is no place in it */
    return buf_room(buf, bytes) == NULL ? ERR_MEMORY : OK;
}

/* The present record is done with. */
static void pass(struct decoder *decoder, struct slice text)
{
    decoder->bytes += text.len;
    decoder->lines += lines_in(text);
    buf_clear(&decoder->carry);
}

/* The part behind the others; an ended record gets its padding. */
static enum error carry(struct decoder *decoder, struct slice part, bool ended)
{
    buf_add(&decoder->carry, part);
    char *padding = buf_room(&decoder->carry, OBJECT_PADDING);
    if (padding == NULL)
        return ERR_MEMORY;
    if (ended)
        memset(padding, 0, OBJECT_PADDING);
    return OK;
}

enum error decoder_part(struct decoder *decoder, struct slice part, size_t behind, bool ended)
{
    if (decoder->carry.len + part.len > decoder->limits.record_bytes_max + LINE_END_BYTES_MAX)
        return too_large(decoder, "This record is too long.",
                         "`body.record_bytes` of the configuration says how long one may be.");
    struct slice text = part;
    if (!ended || decoder->carry.len > 0 || behind < OBJECT_PADDING) {
        enum error error = carry(decoder, part, ended);
        if (error != OK || !ended)
            return error;
        text = buf_slice(&decoder->carry);
    }
    decoder->fields.count = 0;
    enum error error = decoder->format->record(decoder, text);
    pass(decoder, text);
    return error;
}

enum error decoder_last_line(struct decoder *decoder)
{
    return decoder->carry.len > 0 ? decoder_part(decoder, SLICE(""), 0, true) : OK;
}

/* What fields_add came to, or what read an object. */
static enum error checked(struct decoder *decoder, enum error error)
{
    if (error != ERR_LIMIT)
        return error;
    return too_large(decoder, "This record has too many members.",
                     "`body.members` of the configuration says how many one may have.");
}

enum error decoder_field(struct decoder *decoder, const struct field *field)
{
    return checked(decoder, fields_add(&decoder->fields, decoder->limits.fields_max, field));
}

enum error decoder_object(struct decoder *decoder, struct slice text)
{
    if (decoder->reader == NULL)
        decoder->reader = object_reader_new();
    if (decoder->reader == NULL)
        return ERR_MEMORY;
    struct object_fault fault;
    enum error error =
        object_read(decoder->reader, text, decoder->limits.fields_max, &decoder->fields, &fault);
    if (error == ERR_INVALID)
        return decoder_fault(decoder, text, fault.at, fault.why);
    return checked(decoder, error);
}

enum error decoder_fault_repeated(struct decoder *decoder, struct slice name)
{
    struct slice shown = slice_of(name.data, name.len < PROBLEM_VALUE_MAX ? name.len : PROBLEM_VALUE_MAX);
    shown.len = slice_utf8_span(shown);
    const char *why =
        arena_format(decoder->arena, "`" SLICE_FMT "` stands twice in one record.", SLICE_ARG(shown)).data;
    struct problem problem = {.status = 400,
                              .code = SLICE("malformed-body"),
                              .column = arena_copy(decoder->arena, shown)};
    return fail(decoder, problem, SLICE(""), why);
}

enum error decoder_sink(struct decoder *decoder, bool alone)
{
    const struct field *repeated = fields_repeated(&decoder->fields);
    if (repeated)
        return decoder_fault_repeated(decoder, repeated->name);
    struct record record = {.number = decoder->records + 1,
                            .alone = alone,
                            .fields = decoder->fields.list,
                            .count = decoder->fields.count};
    enum error error = decoder->sink.on_record(decoder->sink.context, &record);
    if (error == OK)
        decoder->records++;
    return error;
}
