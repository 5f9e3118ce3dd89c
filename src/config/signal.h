/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of signals: events that end kept answers, and that a content network is told of. Part of config.h, which
 * says who owns it. Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_SIGNAL_H
#define LEAT_CONFIG_SIGNAL_H

#include "config/upstream.h"

/* `on:` of what a login raises. No resource can be called so: the slash. */
#define SIGNAL_ON_LOGIN SLICE("auth/login")

enum { SIGNALS_ON_MAX = 32 }; /* one resource */

/* `purge:`, a request to another service. */
struct config_purge {
    struct config_upstream service; /* url data NULL: none is made */
    enum http_method method;        /* POST, PUT, DELETE or GET */
    struct slice body;
};

struct config_signal {
    struct word name;
    unsigned raise;   /* roles that may */
    struct word on;   /* a resource, whose writes raise it, or SIGNAL_ON_LOGIN; data NULL: nothing does */
    struct word when; /* which of the rows written, in the URL's grammar; data NULL: all */
    struct config_tables tables; /* what hangs on these ends, too */
    struct config_purge purge;
};

/* What one thing raises: those with `when` come first. */
struct raises {
    const struct config_signal **items;
    unsigned count, when_count;
};

static inline bool config_signal_of_login(const struct config_signal *signal)
{
    return slice_eq(signal->on.text, SIGNAL_ON_LOGIN);
}

#endif
