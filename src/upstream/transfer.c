/* SPDX-License-Identifier: Apache-2.0 */
/* What libcurl is told of a call, and what it tells: the request as it goes out, the head's lines, the body's pieces.
 *
 * The request target goes out byte for byte as asked: libcurl parses only the origin. The list of fields is an array of ours, so that
 * a call takes two allocations for it, not two hundred.
 * libcurl itself sends a request again when a kept connection proves dead before a byte of an answer; on_send tells, and stops it where
 * that could do a thing twice.
 * Failure: no memory; all else is libcurl's to tell, by the transfer's end. */
#include "upstream/call.h"

#include "base/mem.h"
#include "upstream/service.h"

/* Kept connections are used again while they were idle for no longer; many services close theirs after five seconds. What must not be
 * sent twice takes only one that is surely alive. */
enum { KEEP_S = 30, KEEP_UNREPEATABLE_S = 1 };

/* Names that libcurl is to say nothing of, unless they are asked for. */
static const struct slice kept_silent[] = {SLICE_INIT("Accept"), SLICE_INIT("Content-Type"),
                                           SLICE_INIT("Expect"), SLICE_INIT("User-Agent")};

static bool is_asked(const struct upstream_asked *asked, struct slice name)
{
    for (unsigned i = 0; i < asked->field_count; i++)
        if (slice_eq_nocase(asked->fields[i].name, name))
            return true;
    return false;
}

/* "Name: value", or "Name;", which is how libcurl wants an empty value. */
static char *put_field(char *to, const struct http_field *field)
{
    to = mempcpy(to, field->name.data, field->name.len);
    to = mempcpy(to, field->value.len ? ": " : ";", field->value.len ? 2 : 1);
    to = field->value.len ? mempcpy(to, field->value.data, field->value.len) : to;
    *to = 0;
    return to + 1;
}

static char *put_silence(char *to, struct slice name)
{
    to = mempcpy(to, name.data, name.len);
    to = mempcpy(to, ":", 2);
    return to;
}

static size_t text_bytes(const struct upstream_asked *asked)
{
    size_t bytes = asked->target.len + 1;
    for (unsigned i = 0; i < asked->field_count; i++)
        bytes += asked->fields[i].name.len + asked->fields[i].value.len + 3;
    for (unsigned i = 0; i < ARRAY_LEN(kept_silent); i++)
        bytes += kept_silent[i].len + 2;
    return bytes;
}

static void add_line(struct upstream_call *call, unsigned *count, char *line)
{
    struct curl_slist *node = &call->lines[*count];
    node->data = line;
    node->next = NULL;
    if (*count)
        node[-1].next = node;
    ++*count;
}

bool transfer_copy(struct upstream_call *call, const struct upstream_asked *asked)
{
    size_t bytes = text_bytes(asked);
    unsigned count = 0;
    call->asked = *asked;
    call->text = mem_try(bytes);
    call->lines = mem_try((asked->field_count + ARRAY_LEN(kept_silent)) * sizeof *call->lines);
    if (!call->text || !call->lines)
        return false;
    char *to = call->text;
    call->target = to;
    to = mempcpy(to, asked->target.data, asked->target.len);
    *to++ = 0;
    for (unsigned i = 0; i < asked->field_count; i++) {
        add_line(call, &count, to);
        to = put_field(to, &asked->fields[i]);
    }
    for (unsigned i = 0; i < ARRAY_LEN(kept_silent); i++)
        if (!is_asked(asked, kept_silent[i])) {
            add_line(call, &count, to);
            to = put_silence(to, kept_silent[i]);
        }
    POST((size_t)(to - call->text) <= bytes);
    call->asked.fields = NULL;
    call->asked.target = (struct slice){0};
    return true;
}

/* --- what libcurl calls --- */

/* Before a request is sent on a connection, each time: the second is a try more. */
static int on_send(void *context, char *address, char *local_address, int port, int local_port)
{
    (void)address, (void)local_address, (void)port, (void)local_port;
    struct upstream_call *call = context;
    CHECK_MAGIC(call, CALL_MAGIC);
    if (call->sent && !call_may_send_again(call)) {
        call->refused = "a kept connection was closed before an answer came";
        return CURL_PREREQFUNC_ABORT;
    }
    if (call->sent)
        call_note_try(call);
    call->sent = true;
    return CURL_PREREQFUNC_OK;
}

static size_t on_line(char *data, size_t size, size_t count, void *context)
{
    struct upstream_call *call = context;
    CHECK_MAGIC(call, CALL_MAGIC);
    bool before = call->reader.whole;
    if (!answer_line(&call->reader, slice_of(data, size * count))) {
        call->refused = call->reader.refuse;
        return 0;
    }
    if (before || !call->reader.whole)
        return size * count;
    const struct upstream_answer *answer = &call->reader.answer;
    call->too_large = call->asked.method != HTTP_HEAD && answer->has_length &&
                      answer->length > call->service->options.answer_bytes_max;
    call_note_news(call);
    if (call->too_large)
        return 0;
    call_begin_window(call);
    return size * count;
}

static size_t on_piece(char *data, size_t size, size_t count, void *context)
{
    struct upstream_call *call = context;
    CHECK_MAGIC(call, CALL_MAGIC);
    size_t bytes = size * count;
    if (call->in.len + bytes > UPSTREAM_HELD_BYTES_MAX) {
        call->paused = call->window_held = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    call->received += bytes;
    call->too_large = call->received > call->service->options.answer_bytes_max;
    buf_append(&call->in, data, bytes);
    call_note_news(call);
    return call->too_large || call->in.failed ? 0 : bytes;
}

static size_t on_room(char *to, size_t size, size_t count, void *context)
{
    struct upstream_call *call = context;
    CHECK_MAGIC(call, CALL_MAGIC);
    size_t len;
    if (spool_read(call->asked.body, call->body_at, to, size * count, &len) != OK) {
        call->refused = "the body's spool cannot be read";
        return CURL_READFUNC_ABORT;
    }
    call->body_at += len;
    return len;
}

static int on_rewind(void *context, curl_off_t offset, int origin)
{
    struct upstream_call *call = context;
    CHECK_MAGIC(call, CALL_MAGIC);
    if (origin != SEEK_SET || !call_is_idempotent(call))
        return CURL_SEEKFUNC_FAIL;
    call->body_at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

/* --- options --- */

#define SET(call, option, value) (curl_easy_setopt((call)->easy, (option), (value)) == CURLE_OK)

static const char *method_word(enum http_method method)
{
    static const char *const words[] = {
        [HTTP_GET] = "GET",     [HTTP_HEAD] = "HEAD",     [HTTP_POST] = "POST",       [HTTP_PUT] = "PUT",
        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE", [HTTP_OPTIONS] = "OPTIONS",
    };
    PRE(method < HTTP_OTHER);
    return words[method];
}

/* What lies in memory goes out with the head. A method that usually has a body says that it has none, by its length. */
static bool set_body(struct upstream_call *call)
{
    struct spool *body = call->asked.body;
    struct slice bytes = SLICE("");
    if (body && !spool_in_memory(body, &bytes))
        return SET(call, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)spool_bytes(body)) &&
               SET(call, CURLOPT_READFUNCTION, on_room) && SET(call, CURLOPT_READDATA, call) &&
               SET(call, CURLOPT_SEEKFUNCTION, on_rewind) && SET(call, CURLOPT_SEEKDATA, call);
    return SET(call, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)bytes.len) &&
           SET(call, CURLOPT_POSTFIELDS, bytes.len ? bytes.data : "");
}

static bool set_method(struct upstream_call *call)
{
    enum http_method method = call->asked.method;
    bool usual = method == HTTP_POST || method == HTTP_PUT || method == HTTP_PATCH;
    bool body = call->asked.body && spool_bytes(call->asked.body) > 0;
    if (method == HTTP_HEAD)
        return SET(call, CURLOPT_NOBODY, 1L);
    if (!usual && !body)
        return SET(call, CURLOPT_HTTPGET, 1L) && SET(call, CURLOPT_CUSTOMREQUEST, method_word(method));
    return SET(call, CURLOPT_POST, 1L) && SET(call, CURLOPT_CUSTOMREQUEST, method_word(method)) &&
           set_body(call);
}

/* Nothing that the machine, its user or its environment have set up for other programs. */
static bool set_bounds(struct upstream_call *call)
{
    const struct upstream_options *options = &call->service->options;
    return SET(call, CURLOPT_PROTOCOLS_STR, "http,https") && SET(call, CURLOPT_FOLLOWLOCATION, 0L) &&
           SET(call, CURLOPT_PROXY, "") && SET(call, CURLOPT_NOPROXY, "*") &&
           SET(call, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) && SET(call, CURLOPT_NOSIGNAL, 1L) &&
           SET(call, CURLOPT_QUICK_EXIT, 1L) && /* never waits for a thread that resolves a name */
           SET(call, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) &&
           SET(call, CURLOPT_HTTP_CONTENT_DECODING, 0L) && SET(call, CURLOPT_TCP_KEEPALIVE, 1L) &&
           SET(call, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_ms) &&
           SET(call, CURLOPT_MAXAGE_CONN,
               call_is_idempotent(call) ? (long)KEEP_S : (long)KEEP_UNREPEATABLE_S);
}

static bool set_callbacks(struct upstream_call *call)
{
    return SET(call, CURLOPT_PRIVATE, call) && SET(call, CURLOPT_ERRORBUFFER, call->error) &&
           SET(call, CURLOPT_PREREQFUNCTION, on_send) && SET(call, CURLOPT_PREREQDATA, call) &&
           SET(call, CURLOPT_HEADERFUNCTION, on_line) && SET(call, CURLOPT_HEADERDATA, call) &&
           SET(call, CURLOPT_WRITEFUNCTION, on_piece) && SET(call, CURLOPT_WRITEDATA, call);
}

bool transfer_set_up(struct upstream_call *call)
{
    PRE(call->easy && call->text);
    return SET(call, CURLOPT_URL, call->service->options.origin.data) &&
           SET(call, CURLOPT_REQUEST_TARGET, call->target) && SET(call, CURLOPT_HTTPHEADER, call->lines) &&
           set_method(call) && set_bounds(call) && set_callbacks(call);
}
