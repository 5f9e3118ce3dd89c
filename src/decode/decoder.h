/* SPDX-License-Identifier: Apache-2.0 */
/* Inside of a decoder, for the formats. A format cuts pieces into the parts of records (feed) and hands them to decoder_part,
 * which puts together what was broken; a whole record comes back to the format's `record`, which makes fields of it. */
#ifndef LEAT_DECODE_DECODER_H
#define LEAT_DECODE_DECODER_H

#include "base/buf.h"
#include "decode/fields.h"
#include "decode/object.h"

#define DECODER_MAGIC 0x44656364u

/* Where a JSON body is, between two records; json.c has the table. */
enum json_at { JSON_AT_START, JSON_AT_FIRST, JSON_AT_NEXT, JSON_AT_RECORD, JSON_AFTER_RECORD, JSON_AT_END };

struct decode_format {
    /* Takes all of a piece. */
    enum error (*feed)(struct decoder *decoder, struct slice piece);
    /* The body has ended. */
    enum error (*end)(struct decoder *decoder);
    /* One whole record, with its line's end if it has one; decoder_sink gets its fields. */
    enum error (*record)(struct decoder *decoder, struct slice text);
};

struct decoder {
    uint32_t magic;
    const struct decode_format *format;
    struct decode_limits limits;
    struct decode_sink sink;
    struct arena *arena;
    struct problem problem; /* filled when a function of ours returns ERR_PROBLEM */
    bool failed;

    unsigned mark;         /* bytes of a byte order mark seen; all of them: it was there, or is none */
    uint64_t records;      /* given to the sink */
    uint64_t bytes, lines; /* of the body, before the present record */
    struct buf carry;      /* the beginning of the present record, of earlier pieces */
    struct fields fields;  /* of the present record */
    struct buf text;       /* unescaped values of CSV and forms: `fields` point into it */

    struct object_reader *reader; /* NULL until the first object */
    enum json_at json_at;
    unsigned depth; /* of brackets in the present record */
    bool in_string, escaped;
    bool is_list; /* of JSON */

    bool quoted;            /* CSV: the part so far ends inside quotes */
    struct fields header;   /* CSV's: names; none yet: count 0 */
    struct buf header_text; /* `header` points into it */
};

extern const struct decode_format format_json, format_ndjson, format_csv, format_form;

/* Some of the present record; `behind`: how many bytes lie readable behind it. ended: it is whole now. */
enum error decoder_part(struct decoder *decoder, struct slice part, size_t behind, bool ended);

/* Reads one JSON object and gives it to the sink. */
enum error decoder_object(struct decoder *decoder, struct slice text);

/* Adds to decoder->fields. */
enum error decoder_field(struct decoder *decoder, const struct field *field);

/* Gives decoder->fields to the sink. */
enum error decoder_sink(struct decoder *decoder, bool alone);

/* A fault of the record whose text this is: `at` in it, or NULL for its beginning. Returns ERR_PROBLEM. */
enum error decoder_fault(struct decoder *decoder, struct slice text, const char *at, const char *why);

/* The fault of a name that stands twice. */
enum error decoder_fault_repeated(struct decoder *decoder, struct slice name);

/* For formats whose records are lines: the last one may lack its end. */
enum error decoder_last_line(struct decoder *decoder);

/* Room for so many bytes in a buf emptied for them, so that slices into it stay. */
enum error decoder_room(struct buf *buf, size_t bytes);

#endif
