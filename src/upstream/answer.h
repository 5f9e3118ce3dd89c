/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a service's answer: lines as libcurl hands them on → a struct upstream_answer, checked.
 *
 * A head of 1xx is passed over. Lines after the whole head are trailers: dropped. Refused: what is no HTTP/1, names that are no tokens,
 * values with controls, folded lines, lengths that contradict each other or a Transfer-Encoding, more than ANSWER_HEAD_BYTES_MAX or
 * HTTP_FIELDS_MAX fields. Pure; one thread. */
#ifndef LEAT_UPSTREAM_ANSWER_H
#define LEAT_UPSTREAM_ANSWER_H

#include "upstream/upstream.h"

enum { ANSWER_HEAD_BYTES_MAX = 64 * 1024 };

struct answer_reader {
    struct buf text;    /* of this head */
    size_t bytes;       /* of all heads so far */
    bool whole;         /* `answer` is valid */
    const char *refuse; /* why the last line was refused: a literal */
    struct upstream_answer answer;
    struct http_field fields[HTTP_FIELDS_MAX];
};

void answer_begin(struct answer_reader *reader);
/* One line with its end. False: refused. */
bool answer_line(struct answer_reader *reader, struct slice line) must_check;
void answer_done(struct answer_reader *reader);

#endif
