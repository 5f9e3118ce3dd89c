/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of signals: events that end kept answers, and that a content network is told of. Part of config.h, which
 * says who owns it. Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_SIGNAL_H
#define LEAT_CONFIG_SIGNAL_H

#include "config/upstream.h"

/* `purge:`, a request to another service. */
struct config_purge {
    struct config_upstream service; /* url data NULL: none is made */
    enum http_method method;        /* POST, PUT, DELETE or GET */
    struct slice body;
};

struct config_signal {
    struct word name;
    unsigned raise;              /* roles that may */
    struct word on;              /* a resource: each write to it raises it; data NULL: none */
    struct config_tables tables; /* what hangs on these ends, too */
    struct config_purge purge;
};

#endif
