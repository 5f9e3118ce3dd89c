/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the head of an answer, and chunks, into a buf: status, then fields in any order, then http_write_end.
 *
 * Nobody can inject a header: names are ours and asserted to be tokens, control bytes in values become spaces.
 * Failure: the buf's, sticky; look at buf->failed at the end. Pure. */
#ifndef LEAT_HTTP_WRITER_H
#define LEAT_HTTP_WRITER_H

#include "base/buf.h"
#include "http/head.h"

/* "Not Found"; "Unknown" for a code without a phrase. */
struct slice http_status_phrase(unsigned status);

/* "HTTP/1.1 404 Not Found" and CR LF: always 1.1, which 1.0 clients understand (RFC 9110 section 2.5). */
void http_write_status(struct buf *out, unsigned status);

/* "HTTP/1.1 100 Continue", whole. */
void http_write_continue(struct buf *out);

/* One field. name: a token of ours, asserted. Controls in value (CR, LF, NUL) become spaces, blanks around it go. */
void http_write_field(struct buf *out, struct slice name, struct slice value);
void http_write_field_uint(struct buf *out, struct slice name, uint64_t value);

/* Date: 29 characters as wall_format_http writes them; the caller makes them once a second. */
void http_write_date(struct buf *out, const char date[30]);

/* Content-Length. Not for 1xx, 204 and (unless it is the length GET would have) 304. */
void http_write_length(struct buf *out, uint64_t bytes);

/* Transfer-Encoding: chunked. Only to a client of HTTP/1.1; to one of 1.0 write no length and close. */
void http_write_chunked(struct buf *out);

/* Connection: close, or keep-alive where a client of HTTP/1.0 asked for it, or nothing. */
void http_write_connection(struct buf *out, unsigned version_minor, bool keep_alive);

/* The empty line. */
void http_write_end(struct buf *out);

/* One chunk with its frame; nothing when data is empty (that would end the body). */
void http_write_chunk(struct buf *out, struct slice data);

/* The frame alone, for data that is sent from where it lies: size line before, CR LF behind. bytes > 0. */
void http_write_chunk_begin(struct buf *out, uint64_t bytes);
void http_write_chunk_end(struct buf *out);

/* The end of a chunked body. */
void http_write_chunks_last(struct buf *out);

#endif
