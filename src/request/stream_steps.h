/* SPDX-License-Identifier: Apache-2.0 */
/* Answers in pieces: exports, which go out while their rows come, and answers too large for memory, which wait in a spool (stream.h).
 * What a step asks of them. One thread: the request's worker's. */
#ifndef LEAT_REQUEST_STREAM_STEPS_H
#define LEAT_REQUEST_STREAM_STEPS_H

#include "request/request.h"

/* Of one that is about to be fetched: where its page goes when it has grown. */
void request_begin_stream(struct request *request);
/* Whether it is an export that has something to send and may send it: its total is known, if one is wanted. */
bool request_may_stream(struct request *request);
/* Whether its stream takes no more, and that as a problem. */
bool request_stream_failed(struct request *request);
enum step request_fail_stream(struct request *request);
/* Of one that is fetched and encoded: whether it goes out by STREAM. Its length is set, or that it is not known. */
bool request_goes_by_stream(struct request *request);
/* Of a cancelled one. */
void request_stop_stream(struct request *request);
/* The socket has taken what was flushed. */
void request_sent(struct request *request);

#endif
