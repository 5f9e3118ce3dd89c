/* SPDX-License-Identifier: Apache-2.0 */
/* BODY → records: what comes as JSON, NDJSON, CSV or a form leaves as one record after the other, name by name.
 *
 * Incremental: a body is fed in pieces as they come, cut anywhere; it is never held whole. What is kept is the beginning
 * of the record that the piece broke off in, at most record_bytes_max of it.
 *
 *   piece ─► cut into records ─► a record's members ─► the sink
 *            (json.c, lines.c)    (object.cc, csv.c, form.c)
 *
 * JSON is one object, or an array of objects; NDJSON an object a line; CSV a header line and records (RFC 4180); a form one
 * record. A byte order mark in front is passed over. Numbers keep the text they were sent as. A name that stands twice in a
 * record is refused.
 * Failure: a struct problem that says which record, line and byte (all counted from 1); ERR_MEMORY; or what the sink returned.
 * After a failure a decoder is only fit for decode_begin or decoder_free. Pure; one thread at a time. */
#ifndef LEAT_DECODE_DECODE_H
#define LEAT_DECODE_DECODE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/problem.h"
#include "base/record.h"

enum body_format { BODY_JSON, BODY_NDJSON, BODY_CSV, BODY_FORM };

/* The formats by their media types, for people. */
#define BODY_TYPES "application/json, application/x-ndjson, text/csv, application/x-www-form-urlencoded"

/* The format that a Content-Type names; an empty one is JSON. False: none of ours, or a charset that is not UTF-8. */
bool body_format_of(struct slice content_type, enum body_format *ret_format) must_check;

struct decode_limits {
    size_t record_bytes_max;
    unsigned fields_max; /* of one record */
};

struct decode_sink {
    /* An error ends the decoding: decode_feed returns it. */
    enum error (*on_record)(void *context, const struct record *record);
    void *context;
};

struct decoder;

/* NULL: memory is out. One decoder serves one body after the other and keeps its memory between them. */
struct decoder *decoder_new(void) must_check;
void decoder_free(struct decoder *decoder); /* takes NULL */

/* Begins a body. The arena takes the texts of problems. */
void decode_begin(struct decoder *decoder, enum body_format format, const struct decode_limits *limits,
                  const struct decode_sink *sink, struct arena *arena);

/* The next piece; last: nothing follows it (it may be empty). */
enum error decode_feed(struct decoder *decoder, struct slice piece, bool last,
                       struct problem *ret_problem) must_check;

#endif
