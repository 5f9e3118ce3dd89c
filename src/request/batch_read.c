/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a batch → its parts. See batch.h.
 *
 *   {"requests": [{"method": "POST", "path": "/api/notes", "headers": {"Prefer": "return=minimal"}, "body": {…}}, …], "transaction": true}
 *
 * What could end a line of the heads that are made of it, or say who asks, is refused here; all else is http/'s to judge. */
#include "http/chars.h"
#include "request/batch.h"
#include "request/worker.h"

enum { PART_HEADERS_MAX = 16 };

/* What a part may ask beside its path. Who asks, from where and how it is sent is the batch's. */
static const struct slice headers_taken[] = {
    SLICE_INIT("accept"),          SLICE_INIT("accept-profile"), SLICE_INIT("cache-control"),
    SLICE_INIT("content-profile"), SLICE_INIT("content-type"),   SLICE_INIT("idempotency-key"),
    SLICE_INIT("if-match"),        SLICE_INIT("if-none-match"),  SLICE_INIT("prefer"),
    SLICE_INIT("range"),           SLICE_INIT("range-unit"),
};

struct reading {
    struct request *request;
    struct batch *batch;
    struct decoder *decoder;
    struct slice requests; /* the array, JSON */
    struct part *part;     /* whose headers are read */
    struct slice type;     /* its Content-Type */
};

/* place: where in the body: "requests[3].path". */
static enum error refuse(struct reading *reading, const char *member, struct slice detail)
{
    struct request *request = reading->request;
    struct batch *batch = reading->batch;
    (void)request_fail(request, 400, SLICE("bad-batch"), detail);
    request->problem.hint =
        SLICE("A batch is `{\"requests\":[{\"method\":\"GET\",\"path\":\"/api/…\"}]}`, with "
              "`headers` and `body` where a part needs them; nothing was done.");
    request->problem.place = reading->part
                                 ? arena_format(&request->arena, "requests[%u]%s", batch->count, member)
                                 : slice_str(member);
    return ERR_PROBLEM;
}

static enum error decode(struct reading *reading, struct slice json,
                         enum error (*on_record)(void *context, const struct record *record))
{
    const struct config *config = reading->request->snapshot->model->config;
    struct decode_limits limits = {.record_bytes_max = config->body.record_bytes,
                                   .fields_max = config->body.members};
    struct decode_sink sink = {on_record, reading};
    decode_begin(reading->decoder, BODY_JSON, &limits, &sink, &reading->request->arena);
    return decode_feed(reading->decoder, json, true, &reading->request->problem);
}

/* --- a part --- */

static bool read_method(struct slice text, enum http_method *ret_method)
{
    static const struct {
        struct slice name;
        enum http_method method;
    } names[] = {{SLICE_INIT("GET"), HTTP_GET},     {SLICE_INIT("HEAD"), HTTP_HEAD},
                 {SLICE_INIT("POST"), HTTP_POST},   {SLICE_INIT("PUT"), HTTP_PUT},
                 {SLICE_INIT("PATCH"), HTTP_PATCH}, {SLICE_INIT("DELETE"), HTTP_DELETE}};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(text, names[i].name)) {
            *ret_method = names[i].method;
            return true;
        }
    return false;
}

/* Visible ASCII: no blank, no end of a line. */
static bool is_path(struct slice text)
{
    if (!slice_starts(text, SLICE("/")))
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= ' ' || (unsigned char)text.data[i] >= 0x7f)
            return false;
    return true;
}

static bool is_taken(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(headers_taken); i++)
        if (slice_eq_nocase(name, headers_taken[i]))
            return true;
    return false;
}

static enum error on_headers(void *context, const struct record *record)
{
    struct reading *reading = context;
    struct part *part = reading->part;
    struct arena *arena = &reading->request->arena;
    if (record->count > PART_HEADERS_MAX)
        return refuse(reading, ".headers", SLICE("A part has too many headers."));
    for (unsigned i = 0; i < record->count; i++) {
        const struct field *field = &record->fields[i];
        if (!is_taken(field->name))
            return refuse(
                reading, ".headers",
                SLICE("A part takes no header of this name: who asks, and from where, is the batch's."));
        if (field->token != TOKEN_STRING || char_span(field->text, CHAR_VALUE) != field->text.len)
            return refuse(reading, ".headers", SLICE("A header's value is a text of one line."));
        part->headers =
            arena_format(arena, SLICE_FMT SLICE_FMT ": " SLICE_FMT "\r\n", SLICE_ARG(part->headers),
                         SLICE_ARG(field->name), SLICE_ARG(field->text));
        if (slice_eq_nocase(field->name, SLICE("content-type")))
            reading->type = arena_copy(arena, field->text);
    }
    return OK;
}

static struct slice quoted(struct arena *arena, struct slice text)
{
    struct buf json;
    buf_init(&json, text.len * 6 + 2);
    buf_json(&json, text);
    struct slice copy = arena_copy(arena, buf_slice(&json));
    buf_done(&json);
    return copy;
}

/* JSON as it was sent; a text where the part's Content-Type is of another kind: the text itself. */
static struct slice body_of(const struct reading *reading, const struct field *field)
{
    struct arena *arena = &reading->request->arena;
    enum body_format format = BODY_JSON;
    switch (field->token) {
    case TOKEN_TRUE:
        return SLICE("true");
    case TOKEN_FALSE:
        return SLICE("false");
    case TOKEN_NULL:
        return (struct slice){NULL, 0};
    case TOKEN_STRING:
        if (reading->type.len && (!body_format_of(reading->type, &format) || format != BODY_JSON))
            return arena_copy(arena, field->text);
        return quoted(arena, field->text);
    default:
        return arena_copy(arena, field->text);
    }
}

static const struct field *find(const struct record *record, struct slice name)
{
    for (unsigned i = 0; i < record->count; i++)
        if (slice_eq(record->fields[i].name, name))
            return &record->fields[i];
    return NULL;
}

static bool knows_all(const struct record *record, const struct slice *names, size_t count)
{
    unsigned known = 0;
    for (size_t i = 0; i < count; i++)
        known += find(record, names[i]) != NULL;
    return known == record->count;
}

/* Its headers are read when all parts are there: there is one decoder. */
static enum error on_part(void *context, const struct record *record)
{
    static const struct slice names[] = {SLICE_INIT("method"), SLICE_INIT("path"), SLICE_INIT("headers"),
                                         SLICE_INIT("body")};
    struct reading *reading = context;
    struct batch *batch = reading->batch;
    struct arena *arena = &reading->request->arena;
    unsigned max = reading->request->snapshot->model->config->batch_requests_max;
    if (batch->count == max) {
        reading->part = NULL;
        return refuse(reading, "requests",
                      arena_format(arena, "A batch has at most %u requests (`batch`).", max));
    }
    struct part *part = reading->part = &batch->parts[batch->count];
    const struct field *method = find(record, names[0]), *path = find(record, names[1]),
                       *headers = find(record, names[2]), *body = find(record, names[3]);
    if (!knows_all(record, names, ARRAY_LEN(names)))
        return refuse(reading, "",
                      SLICE("A part has `method`, `path`, `headers` and `body`, and nothing else."));
    if (!method || method->token != TOKEN_STRING || !read_method(method->text, &part->method))
        return refuse(reading, ".method", SLICE("A part's method is GET, HEAD, POST, PUT, PATCH or DELETE."));
    if (!path || path->token != TOKEN_STRING || !is_path(path->text))
        return refuse(reading, ".path",
                      SLICE("A part's path begins with a slash and is percent-encoded, as in a URL."));
    if (headers && headers->token != TOKEN_OBJECT)
        return refuse(reading, ".headers", SLICE("A part's headers are an object of texts."));
    part->batch = batch;
    part->number = batch->count;
    part->path = arena_copy(arena, path->text);
    part->headers = headers ? arena_copy(arena, headers->text) : SLICE("");
    if (body) { /* until its type is known: the field */
        struct field *kept = ARENA_NEW(arena, struct field);
        *kept = (struct field){.token = body->token, .text = arena_copy(arena, body->text)};
        part->body = slice_of((const char *)kept, sizeof *kept);
    }
    batch->count++;
    return OK;
}

static enum error read_rest(struct reading *reading, struct part *part)
{
    struct slice headers = part->headers, field = part->body;
    reading->part = part;
    reading->type = (struct slice){0};
    part->headers = SLICE("");
    part->body = (struct slice){NULL, 0};
    enum error error = headers.len ? decode(reading, headers, on_headers) : OK;
    if (error == OK && field.data)
        part->body = body_of(reading, (const struct field *)(const void *)field.data);
    return error;
}

/* --- the whole --- */

static enum error on_batch(void *context, const struct record *record)
{
    static const struct slice names[] = {SLICE_INIT("requests"), SLICE_INIT("transaction")};
    struct reading *reading = context;
    const struct field *requests = find(record, names[0]), *transaction = find(record, names[1]);
    if (!record->alone || !knows_all(record, names, ARRAY_LEN(names)))
        return refuse(reading, "",
                      SLICE("The body of a batch is an object with `requests` and perhaps `transaction`."));
    if (!requests || requests->token != TOKEN_ARRAY)
        return refuse(reading, "requests", SLICE("`requests` is a list of requests."));
    if (transaction && transaction->token != TOKEN_TRUE && transaction->token != TOKEN_FALSE)
        return refuse(reading, "transaction", SLICE("`transaction` is true or false."));
    reading->batch->transaction = transaction && transaction->token == TOKEN_TRUE;
    reading->requests = arena_copy(&reading->request->arena, requests->text);
    return OK;
}

static enum error read_all(struct reading *reading, struct slice body)
{
    struct batch *batch = reading->batch;
    enum error error = decode(reading, body, on_batch);
    if (error == OK && !reading->requests.data)
        error = refuse(reading, "", SLICE("The body of a batch is missing."));
    if (error == OK)
        error = decode(reading, reading->requests, on_part);
    for (unsigned i = 0, count = batch->count; i < count && error == OK; i++) {
        batch->count = i; /* for what is refused */
        error = read_rest(reading, &batch->parts[i]);
        batch->count = count;
    }
    return error;
}

enum error batch_read(struct request *request, struct slice body, struct batch *batch)
{
    struct reading reading = {.request = request, .batch = batch, .decoder = decoder_new()};
    if (!reading.decoder)
        return ERR_MEMORY;
    enum error error = read_all(&reading, body);
    decoder_free(reading.decoder);
    return error;
}

struct slice batch_head(struct arena *arena, const struct part *part)
{
    static const char *const methods[] = {
        [HTTP_GET] = "GET", [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT", [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
    };
    struct slice length =
        part->body.data ? arena_format(arena, "Content-Length: %zu\r\n", part->body.len) : SLICE("");
    return arena_format(arena, "%s " SLICE_FMT " HTTP/1.1\r\nHost: batch\r\n" SLICE_FMT SLICE_FMT "\r\n",
                        methods[part->method], SLICE_ARG(part->path), SLICE_ARG(part->headers),
                        SLICE_ARG(length));
}
