/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's libcurl as the files of upstream/ share it; upstream.h is what others see. One thread.
 *
 * libcurl calls back only from within client_act; what it tells is noted, and owners hear of it when it has returned, so that they may
 * do with their calls what they like. */
#ifndef LEAT_UPSTREAM_CLIENT_H
#define LEAT_UPSTREAM_CLIENT_H

#include <curl/curl.h>

#include "upstream/upstream.h"

enum { CLIENT_HANDLES_KEPT_MAX = 64, CLIENT_CONNECTIONS_KEPT_MAX = 64 };

struct upstream_client {
    uint32_t magic;
    struct loop *loop;
    CURLM *multi;
    struct timer timer; /* libcurl's */
    struct task kick;   /* it has something to do at once, or there is news */
    bool due;           /* the first of both */
    bool inside;        /* libcurl is on the stack */
    struct list calls;  /* all of them */
    struct list news;   /* those whose owners are to hear */
    CURL *kept[CLIENT_HANDLES_KEPT_MAX];
    unsigned kept_count;
    uint64_t chance; /* of pauses before a retry */
};

/* An easy handle without options; NULL: no memory. */
CURL *client_handle_take(struct upstream_client *client);
void client_handle_give(struct upstream_client *client, CURL *easy);

/* Numbers that look random. */
uint32_t client_chance(struct upstream_client *client);

/* Owners of calls in `news` hear at this turn's end. */
void client_tell_soon(struct upstream_client *client);

/* call.c: a transfer has ended so. Not from within libcurl. */
void call_transfer_ended(CURL *easy, CURLcode code);
/* call.c: of a link in `news`. */
void call_tell(struct list *link);

#endif
