/* SPDX-License-Identifier: Apache-2.0 */
/* Records of a body; records.h. A body in memory is decoded where it lies, one on the disk through a buffer. A worker keeps
 * one decoder that is not in use, so that small writes allocate none. */
#include "request/records.h"

#include <errno.h>

#include "request/worker.h"

static struct decoder *borrow(struct worker *worker)
{
    struct decoder *decoder = worker->decoder;
    worker->decoder = NULL;
    return decoder ? decoder : decoder_new();
}

void records_end(struct request *request)
{
    struct worker *worker = request->worker;
    if (worker->decoder == NULL)
        worker->decoder = request->decoder;
    else
        decoder_free(request->decoder);
    request->decoder = NULL;
}

enum error records_begin(struct request *request, const struct decode_sink *sink)
{
    const struct config *config = request->snapshot->model->config;
    struct decode_limits limits = {.record_bytes_max = config->body.record_bytes,
                                   .fields_max = config->body.members};
    if (request->decoder == NULL)
        request->decoder = borrow(request->worker);
    if (request->decoder == NULL)
        return ERR_MEMORY;
    request->body_at = 0;
    decode_begin(request->decoder, request->body_format, &limits, sink, &request->arena);
    return OK;
}

static enum error unreadable(struct request *request)
{
    int cause = errno;
    (void)request_fail(request, 503, SLICE("spool-full"),
                       SLICE("The body was lost on the disk: send it again."));
    request->problem.cause = arena_format(&request->arena, "spool: %s", strerror(cause));
    return ERR_PROBLEM;
}

/* The next piece of the body, where it lies or copied. */
static enum error next_piece(struct request *request, size_t bytes_max, struct slice *ret_piece)
{
    struct slice whole;
    if (spool_in_memory(&request->body_in, &whole)) {
        struct slice rest = slice_skip(whole, request->body_at);
        *ret_piece = slice_of(rest.data, rest.len < bytes_max ? rest.len : bytes_max);
        return OK;
    }
    if (request->body_piece == NULL)
        request->body_piece = arena_alloc(&request->arena, RECORDS_PIECE_BYTES);
    size_t len;
    enum error error = spool_read(&request->body_in, request->body_at, request->body_piece, bytes_max, &len);
    if (error != OK)
        return unreadable(request);
    *ret_piece = slice_of(request->body_piece, len);
    return OK;
}

enum error records_some(struct request *request, size_t bytes_max, bool *ret_ended)
{
    PRE(request->decoder != NULL && bytes_max > 0 && bytes_max <= RECORDS_PIECE_BYTES);
    PRE(request->body_at == 0 || request->body_at < spool_bytes(&request->body_in));
    struct slice piece;
    enum error error = next_piece(request, bytes_max, &piece);
    if (error != OK)
        return error;
    request->body_at += piece.len;
    bool ended = request->body_at == spool_bytes(&request->body_in);
    error = decode_feed(request->decoder, piece, ended, &request->problem);
    if (error == OK)
        *ret_ended = ended;
    return error;
}

enum error records_more(struct request *request, bool *ret_ended)
{
    return records_some(request, RECORDS_PIECE_BYTES, ret_ended);
}
