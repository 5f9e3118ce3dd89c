/* SPDX-License-Identifier: Apache-2.0 */
/* STREAM: an answer that is larger than a piece goes out from its stream, as the socket takes it.
 *
 *   an export            its pieces are sent while its rows still come: a head without length, then chunks
 *   any other answer     larger than `answers.bytes_max`: complete before it begins, so that its head says all that is to be said
 *
 *   STREAM ─ nothing there, rows still come ─→ waits for news of the stream, or the fetch's end
 *      └──── handed to the socket ───────────→ waits until it has taken it (request_sent), and the end of the turn
 *
 * A failure after the head is a cut: a body of chunks without the last is seen to be broken, as is one shorter than its length. The
 * log has the cause. */
#include "request/stream_steps.h"
#include "request/forms.h"
#include "request/steps.h"
#include "request/stream.h"
#include "request/worker.h"

/* What of a page makes a piece; how much is handed to the socket at once, and how much where it is packed before, which takes half a
 * millisecond. */
enum { PIECE_BYTES = 64 * 1024, SEND_BYTES = 128 * 1024, PACK_BYTES = 64 * 1024 };

static const struct config *config_of(const struct request *request)
{
    return request->snapshot->model->config;
}

/* --- the page's side: on the store's thread --- */

static struct request *request_of(struct page *page)
{
    struct request *request = container_of(page, struct request, page);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    return request;
}

static bool put_body(struct request *request)
{
    struct buf *body = &request->page.body;
    bool taken = stream_put(request->stream, buf_slice(body));
    buf_clear(body);
    return taken;
}

/* HEAD has learnt all it will say. */
static bool on_export_piece(struct page *page)
{
    struct request *request = request_of(page);
    return !request->answer.no_body && put_body(request);
}

static struct stream *new_stream(struct request *request, void (*on_news)(void *context))
{
    struct stream_options options = {.space = &request->worker->service->spool_space,
                                     .bytes_max = config_of(request)->answers.spool_bytes,
                                     .loop = request->worker->loop,
                                     .on_news = on_news,
                                     .context = request};
    return stream_new(&options);
}

/* The first time the body has grown to its limit; from then on it goes by pieces. */
static bool on_large_piece(struct page *page)
{
    struct request *request = request_of(page);
    if (!request->stream)
        request->stream = new_stream(request, NULL);
    bool taken = put_body(request);
    if (page->piece_bytes > PIECE_BYTES)
        buf_done(&page->body);
    page->piece_bytes = PIECE_BYTES;
    return taken;
}

/* --- beginning --- */

bool request_may_stream(struct request *request)
{
    bool waits = request->total_out || problem_is(&request->total_fetch.problem);
    return !request->cancelled && !waits && format_is_export(request->format) &&
           stream_bytes(request->stream) > 0;
}

static void on_news(void *context)
{
    struct request *request = context;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    if (request_may_stream(request))
        request_resume(request, STEP_STREAM);
}

static void on_turn(struct task *task)
{
    request_resume(container_of(task, struct request, turn), STEP_STREAM);
}

void request_begin_stream(struct request *request)
{
    struct page *page = &request->page;
    request->turn.run = on_turn;
    if (format_is_export(request->format)) {
        page->on_piece = on_export_piece;
        page->piece_bytes = PIECE_BYTES;
        request->stream = new_stream(request, on_news);
    } else if (page->goes_on) {
        page->on_piece = on_large_piece;
        page->piece_bytes = config_of(request)->answers.bytes_max;
    }
    if (page->goes_on)
        page->body.max *= 2; /* what is short of a piece, and one more row */
}

bool request_goes_by_stream(struct request *request)
{
    struct answer *answer = &request->answer;
    size_t held = request->page.body.len;
    PRE(!request->fetch_out);
    if (request->stream && answer->no_body && held >= PIECE_BYTES && format_is_export(request->format))
        answer->framing = FRAMING_CHUNKED; /* HEAD of one that was not read to its end */
    uint64_t bytes = request->stream ? stream_bytes(request->stream) : 0;
    answer->body_bytes = bytes + held;
    return bytes > 0;
}

void request_stop_stream(struct request *request)
{
    PRE(request->cancelled);
    loop_task_cancel(&request->turn);
    if (format_is_export(request->format) && request->stream) /* another's may be being made just now */
        stream_stop(request->stream);
}

/* --- ending --- */

static enum step fail(struct request *request, unsigned status, struct slice code, struct slice detail)
{
    (void)request_fail(request, status, code, detail);
    request->problem.retry_after_s = status == 503 ? 1 : 0;
    return STEP_RESPOND;
}

bool request_stream_failed(struct request *request)
{
    int error;
    return request->stream && stream_fault(request->stream, &error) != STREAM_SOUND;
}

enum step request_fail_stream(struct request *request)
{
    int error;
    switch (stream_fault(request->stream, &error)) {
    case STREAM_TOO_LARGE:
        return request_fail_large(request, config_of(request)->answers.spool_bytes);
    case STREAM_SPOOL_FULL:
        return fail(request, 503, SLICE("spool-full"),
                    SLICE("Too many large answers wait for their readers at the moment."));
    case STREAM_SPOOL_FAILED:
        (void)fail(request, 503, SLICE("spool-full"),
                   SLICE("There is no room on the disk for so large an answer now."));
        request->problem.cause = arena_format(&request->arena, "the spool: %s", strerror(error));
        return STEP_RESPOND;
    case STREAM_SOUND:
        break;
    }
    UNREACHABLE("a sound stream fails nobody");
}

/* The log tells what it came to: the client has seen another status. */
static enum step end(struct request *request, bool whole)
{
    const struct request_sink *sink = request->sink;
    request->sink = NULL;
    if (!whole)
        request->answer.status = request->problem.status;
    request->log_due = worker_log_due(request);
    request->sent_bytes += sink->end(request->sink_context, request, whole);
    if (!request->fetch_out)
        return STEP_END;
    request->cancelled = true; /* on_end will come, and ends it */
    request_stop_stream(request);
    store_cancel(request->tap->port, &request->fetch);
    return STEP_WAIT;
}

static enum step cut(struct request *request)
{
    PRE(problem_is(&request->problem));
    return end(request, false);
}

/* --- sending --- */

static void begin(struct request *request)
{
    struct answer *answer = &request->answer;
    answer->date = slice_of(request->worker->date, 29);
    answer->request_id = slice_of(request->id, 16);
    if (request->fetch_out)
        answer->framing = FRAMING_CHUNKED; /* it is not known how much comes */
    forms_begin_stream(request);
    request->streaming = true;
    request->sent_bytes = request->sink->begin(request->sink_context, request);
}

/* When all rows are there: what the page still holds goes the way of the rest. False: something went wrong. */
static bool settle(struct request *request)
{
    if (request->fetch_out)
        return true;
    const struct buf *body = &request->page.body;
    if (problem_is(&request->fetch.problem))
        request->problem = request->fetch.problem;
    else if (body->no_memory || request->arena.failed)
        (void)request_fail_memory(request);
    else if (body->failed)
        (void)request_fail_large(request, body->max);
    else if (request_stream_failed(request) || !put_body(request))
        (void)request_fail_stream(request);
    return !problem_is(&request->problem);
}

/* Exchanges the piece for what it is when it is packed. */
static enum error pack(struct request *request, struct buf *piece)
{
    bool last = !request->fetch_out && stream_bytes(request->stream) == 0;
    struct buf packed;
    if (!request->packer || (piece->len == 0 && !last))
        return OK;
    buf_init(&packed, SEND_BYTES);
    bool done = gzip_stream_add(request->packer, buf_slice(piece), last, &packed);
    buf_done(piece);
    *piece = packed;
    return done ? OK : ERR_MEMORY;
}

/* Takes what is there, at most SEND_BYTES, to the socket. False: the spool cannot be read. */
static bool send_some(struct request *request, size_t *ret_len)
{
    size_t bytes = request->packer ? PACK_BYTES : SEND_BYTES;
    struct buf piece;
    buf_init(&piece, bytes);
    char *room = buf_room(&piece, bytes);
    enum error error = room ? stream_take(request->stream, room, bytes, &piece.len) : ERR_MEMORY;
    if (error == OK)
        error = pack(request, &piece);
    *ret_len = piece.len;
    if (error == OK && piece.len)
        request->sent_bytes += request->sink->send(request->sink_context, request, &piece);
    else
        buf_done(&piece);
    if (error == OK)
        return true;
    (void)fail(request, 503, SLICE("spool-failed"), SLICE("What waited for its reader cannot be read."));
    request->problem.cause = slice_str(error == ERR_MEMORY ? "no memory" : "the spool's file");
    return false;
}

enum step step_stream(struct request *request)
{
    PRE(request->sink != NULL && request->stream != NULL);
    loop_task_cancel(&request->turn);
    if (!request->streaming)
        begin(request);
    if (request->answer.no_body)
        return end(request, true);
    bool all = !request->fetch_out;
    if (!settle(request))
        return cut(request); /* at once: what waits in the socket makes nothing whole */
    if (request->sending)
        return STEP_WAIT;
    size_t len;
    if (!send_some(request, &len))
        return cut(request);
    if (all && stream_bytes(request->stream) == 0)
        return end(request, true);
    if (len) {
        request->sending = true;
        request->sink->flush(request->sink_context);
    }
    return STEP_WAIT;
}

void request_sent(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE((request->step == STEP_STREAM || request->step == STEP_UPSTREAM) && request->sending);
    request->sending = false;
    loop_at_turn_end(request->worker->loop, &request->turn); /* others have their turn */
}
