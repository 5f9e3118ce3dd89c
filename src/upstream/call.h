/* SPDX-License-Identifier: Apache-2.0 */
/* A call as call.c, which lives it, and transfer.c, which speaks of it to libcurl, share it; upstream.h is what others see. */
#ifndef LEAT_UPSTREAM_CALL_H
#define LEAT_UPSTREAM_CALL_H

#include "upstream/answer.h"
#include "upstream/client.h"

enum { CALL_MAGIC = 0x55704361 };

struct upstream_call {
    uint32_t magic;
    struct list link;      /* among the client's calls */
    struct list news_link; /* in the client's news, or in none */
    struct upstream_client *client;
    struct upstream *service;
    struct upstream_asked asked; /* its texts are in `text` and `lines` */
    CURL *easy;                  /* NULL: never begun, or ended */
    struct curl_slist
        *lines; /* head fields as libcurl wants them: an array of ours, each with the next behind it */
    char *text; /* what the lines and the target point into */
    const char *target;
    uint64_t body_at; /* so much of the body was sent in this try */

    struct answer_reader reader;
    struct buf in;     /* of the body, not taken yet */
    uint64_t received; /* of the body, in all */
    bool paused;       /* libcurl holds bytes that have no room in `in` */

    enum upstream_outcome outcome;
    unsigned tries;
    bool transferring; /* in libcurl's hands */
    bool sent;         /* this try's request went out, or began to */
    bool probe;        /* its breaker's */
    bool too_large;
    struct mono began;
    struct timer deadline, again;
    uint64_t window_received; /* at the beginning of the window of rate_min */
    bool window_held;         /* the owner held it back in this window: its rate says nothing */
    const char *refused;      /* a cause of ours: a literal */
    char error[CURL_ERROR_SIZE];
};

/* Whether its method may be repeated. */
bool call_is_idempotent(const struct upstream_call *call);
/* Whether what was sent, and not answered, may be sent once more. */
bool call_may_send_again(const struct upstream_call *call);
/* It is tried once more. */
void call_note_try(struct upstream_call *call);

/* transfer.c: all options of an easy handle. False: no memory. */
bool transfer_set_up(struct upstream_call *call) must_check;
/* Copies what is asked. False: no memory. */
bool transfer_copy(struct upstream_call *call, const struct upstream_asked *asked) must_check;

/* Its owner is to hear. */
void call_note_news(struct upstream_call *call);
/* The head is whole: from now on `rate_min` and `whole_ms` are its deadlines. */
void call_begin_window(struct upstream_call *call);

#endif
