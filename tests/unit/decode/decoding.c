/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies decoded in pieces and written down: see decoding.h. Memory is plain malloc's, for the sanitizer. */
#include "decoding.h"

#include <stdlib.h>

static const char *const words[] = {"null", "true", "false", "number", "string", "object", "array", "text"};

static enum error note(void *context, const struct record *record)
{
    struct buf *transcript = context;
    buf_format(transcript, "%llu%s", (unsigned long long)record->number, record->alone ? " alone" : "");
    for (unsigned i = 0; i < record->count; i++) {
        const struct field *field = &record->fields[i];
        PRE(slice_is_utf8(field->name) && slice_is_utf8(field->text));
        buf_byte(transcript, ' ');
        buf_add(transcript, field->name);
        buf_format(transcript, "=%s:", words[field->token]);
        buf_add(transcript, field->text);
    }
    buf_byte(transcript, '\n');
    return OK;
}

static enum error feed(struct decoder *decoder, struct slice piece, bool last, struct problem *problem)
{
    char *exact = malloc(piece.len ? piece.len : 1);
    if (piece.len)
        memcpy(exact, piece.data, piece.len);
    enum error error = decode_feed(decoder, slice_of(exact, piece.len), last, problem);
    free(exact);
    return error;
}

void decoding_run(enum body_format format, struct slice body, const struct decode_limits *limits,
                  decoding_cut cut, void *context, struct buf *transcript)
{
    struct arena arena;
    arena_init(&arena, 1024);
    struct decoder *decoder = decoder_new();
    struct decode_sink sink = {note, transcript};
    struct problem problem = {0};
    PRE(decoder != NULL);
    decode_begin(decoder, format, limits, &sink, &arena);
    enum error error = OK;
    while (error == OK && body.len > 0) {
        size_t len = cut(context, body.len);
        error = feed(decoder, slice_of(body.data, len), false, &problem);
        body = slice_skip(body, len);
    }
    if (error == OK)
        error = feed(decoder, SLICE(""), true, &problem);
    PRE((error == ERR_PROBLEM) == problem_is(&problem));
    if (error == OK)
        buf_lit(transcript, "fine\n");
    else if (error != ERR_PROBLEM)
        buf_format(transcript, "%s\n", error_word(error));
    else
        buf_format(transcript, "%u " SLICE_FMT ": " SLICE_FMT "\n", problem.status, SLICE_ARG(problem.code),
                   SLICE_ARG(problem.detail));
    decoder_free(decoder);
    arena_done(&arena);
}

size_t decoding_whole(void *context, size_t left)
{
    (void)context;
    return left;
}

size_t decoding_every(void *context, size_t left)
{
    size_t len = *(size_t *)context;
    return len < left ? len : left;
}
