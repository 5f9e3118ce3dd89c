/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of answers, and problems as bodies. It fails only as its buf does. */
#include "respond/respond.h"

#include "base/check.h"
#include "http/writer.h"

/* These values are ours; those a client may have had a hand in go through http_write_field, where no value can end its line. */
static void write_body_fields(struct buf *out, const struct answer *answer)
{
    static const struct slice codings[CODING_COUNT] = {
        [CODING_GZIP] = SLICE_INIT("Content-Encoding: gzip\r\n"),
        [CODING_BROTLI] = SLICE_INIT("Content-Encoding: br\r\n"),
    };
    if (answer->status == 204 || answer->status == 304)
        return;
    if (answer->type.len || !answer->foreign) {
        buf_lit(out, "Content-Type: ");
        buf_add(out, answer->type.len ? answer->type : SLICE("application/json"));
        buf_lit(out, "\r\n");
    }
    buf_add(out, codings[answer->coding]);
    if (answer->framing == FRAMING_LENGTH)
        http_write_length(out, answer->body_bytes);
    else if (answer->framing == FRAMING_CHUNKED)
        http_write_chunked(out);
}

static void write_if(struct buf *out, struct slice name, struct slice value)
{
    if (value.len)
        http_write_field(out, name, value);
}

/* A page runs its own scripts alone, and asks nobody but us. */
#define PAGE_FIELDS \
    "Content-Security-Policy: default-src 'self'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'; object-src 'none'\r\n" \
    "X-Content-Type-Options: nosniff\r\n" \
    "Referrer-Policy: no-referrer\r\n"

static void write_rare(struct buf *out, const struct answer *answer)
{
    write_if(out, SLICE("Content-Range"), answer->content_range);
    write_if(out, SLICE("Preference-Applied"), answer->preference_applied);
    write_if(out, SLICE("Content-Profile"), answer->content_profile);
    write_if(out, SLICE("Link"), answer->link);
    write_if(out, SLICE("Allow"), answer->allow);
    write_if(out, SLICE("Location"), answer->location);
    if (answer->status == 401 && !answer->foreign) /* RFC 9110 section 15.5.2: it must say how */
        buf_lit(out, "WWW-Authenticate: Bearer\r\n");
    if (answer->retry_after_s)
        http_write_field_uint(out, SLICE("Retry-After"), answer->retry_after_s);
    if (answer->page_size_used)
        http_write_field_uint(out, SLICE("X-Page-Size"), answer->page_size_used);
    if (answer->replayed)
        buf_lit(out, "Idempotency-Replayed: true\r\n");
    if (answer->body_lost)
        buf_lit(out, "Idempotency-Body: not-kept\r\n");
    if (answer->page)
        buf_lit(out, PAGE_FIELDS);
    buf_add(out, answer->fields);
}

void respond_fixed(struct buf *out, const struct answer *answer)
{
    PRE(answer->status >= 200 && answer->status < 600);
    http_write_status(out, answer->status);
    write_body_fields(out, answer);
    write_rare(out, answer);
    caching_write(out, &answer->caching);
}

/* draft-ietf-httpapi-ratelimit-headers, and the fields that were usual before it. */
static void limit_told_write(struct buf *out, const struct limit_told *told)
{
    if (!told->fields.len)
        return;
    buf_add(out, told->fields);
    http_write_field_uint(out, SLICE("X-RateLimit-Remaining"), told->remaining);
    http_write_field_uint(out, SLICE("X-RateLimit-Reset"), told->reset_s);
    buf_lit(out, "RateLimit: \"");
    buf_add(out, told->name);
    buf_lit(out, "\";r=");
    buf_uint(out, told->remaining);
    buf_lit(out, ";t=");
    buf_uint(out, told->reset_s);
    buf_lit(out, "\r\n");
}

void respond_each(struct buf *out, const struct answer *answer)
{
    IMPLIES(answer->framing == FRAMING_CLOSE, answer->close);
    if (answer->date.len) {
        buf_lit(out, "Date: ");
        buf_add(out, answer->date);
        buf_lit(out, "\r\n");
    }
    write_if(out, SLICE("X-Request-Id"), answer->request_id);
    cache_told_write(out, &answer->cache);
    limit_told_write(out, &answer->limit);
    cors_write(out, &answer->cors, answer->allow);
    if (answer->close)
        buf_lit(out, "Connection: close\r\n");
    else if (answer->keep_alive_1_0)
        buf_lit(out, "Connection: keep-alive\r\n");
    http_write_end(out);
}

void respond_head(struct buf *out, const struct answer *answer)
{
    respond_fixed(out, answer);
    respond_each(out, answer);
}

/* `,"name":"value"`; name: with its punctuation. Texts may quote what a client sent, so they are mended. */
static void member(struct buf *out, const char *name, struct slice value)
{
    if (!value.len)
        return;
    buf_add(out, slice_str(name));
    buf_json_mended(out, value);
}

/* The value at fault, cut between two characters. Empty is worth saying, absent is not. */
static void member_value(struct buf *out, struct slice value)
{
    if (!value.data)
        return;
    size_t len = value.len < PROBLEM_VALUE_MAX ? value.len : PROBLEM_VALUE_MAX;
    while (len > 0 && len < value.len && ((unsigned char)value.data[len] & 0xc0) == 0x80)
        len--;
    buf_lit(out, ",\"value\":");
    buf_json_mended(out, slice_of(value.data, len));
}

/* RFC 9457: with `about:blank` the title is the status's own phrase; `code` is what programs look at. */
static void write_plain(struct buf *out, const struct problem *problem, struct slice request_id)
{
    buf_lit(out, "{\"type\":\"about:blank\",\"title\":");
    buf_json(out, http_status_phrase(problem->status));
    buf_lit(out, ",\"status\":");
    buf_uint(out, problem->status);
    member(out, ",\"code\":", problem->code);
    member(out, ",\"detail\":", problem->detail);
    member(out, ",\"hint\":", problem->hint);
    member(out, ",\"place\":", problem->place);
    member(out, ",\"column\":", problem->column);
    member(out, ",\"constraint\":", problem->constraint);
    member_value(out, problem->value);
    member(out, ",\"nearest\":", problem->nearest);
    member(out, ",\"request_id\":", request_id);
    buf_byte(out, '}');
}

static void json_or_null(struct buf *out, struct slice text)
{
    if (text.len)
        buf_json_mended(out, text);
    else
        buf_lit(out, "null");
}

/* PostgREST's error object: https://docs.postgrest.org/en/v12/references/errors.html */
static void write_postgrest(struct buf *out, const struct problem *problem)
{
    buf_lit(out, "{\"code\":");
    buf_json_mended(out, problem->pg_code.len ? problem->pg_code : problem->code);
    buf_lit(out, ",\"details\":");
    if (problem->details_are_json)
        buf_add(out, problem->details);
    else
        json_or_null(out, problem->details);
    buf_lit(out, ",\"hint\":");
    json_or_null(out, problem->hint);
    buf_lit(out, ",\"message\":");
    json_or_null(out, problem->detail);
    buf_byte(out, '}');
}

void respond_problem_body(struct buf *out, const struct problem *problem, enum manner manner,
                          struct slice request_id, struct slice *ret_type)
{
    PRE(problem_is(problem));
    if (manner == MANNER_POSTGREST) {
        write_postgrest(out, problem);
        *ret_type = SLICE("application/json; charset=utf-8");
        return;
    }
    write_plain(out, problem, request_id);
    *ret_type = SLICE("application/problem+json");
}
