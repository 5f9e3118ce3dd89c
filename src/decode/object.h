/* SPDX-License-Identifier: Apache-2.0 */
/* One JSON object → its members: simdjson's On-Demand parser behind a C face (object.cc, the one C++ file).
 * All of the object is checked, nested values too: what comes out as JSON text is JSON (RFC 8259), in well-formed UTF-8.
 * The reader owns the unescaped texts: they are valid until its next object. It keeps about seven times the memory of
 * the longest object it has read, or 28 KiB. Failure: an error value; nothing is thrown. One thread at a time. */
#ifndef LEAT_DECODE_OBJECT_H
#define LEAT_DECODE_OBJECT_H

#include "decode/fields.h"

/* Bytes behind an object that are looked at, though not believed. A text that does not end with a bracket must have
 * white space or a 0 behind it. */
#define OBJECT_PADDING 64
#define OBJECT_DEPTH_MAX 128

struct object_reader;

struct object_fault {
    const char *why; /* a sentence */
    const char *at;  /* in the object's text; NULL: not known */
};

struct object_reader *object_reader_new(void);         /* NULL: memory is out */
void object_reader_free(struct object_reader *reader); /* takes NULL */

/* Adds the object's members to the fields. ERR_INVALID: *ret_fault tells. ERR_LIMIT: more than fields_max. ERR_MEMORY. */
enum error object_read(struct object_reader *reader, struct slice text, unsigned fields_max,
                       struct fields *fields, struct object_fault *ret_fault);

#endif
