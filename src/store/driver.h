/* SPDX-License-Identifier: Apache-2.0 */
/* What a database driver implements; store.c dispatches by the URL's scheme. See store.h for what each call promises.
 * A driver's store, port and listener begin with these structs. */
#ifndef LEAT_STORE_DRIVER_H
#define LEAT_STORE_DRIVER_H

#include "store/listen.h"

struct store_driver {
    struct slice scheme; /* "sqlite:" */
    enum dialect dialect;
    enum error (*open)(const struct store_options *, struct offload *, struct store **, char why[512]);
    enum error (*catalog)(struct store *, struct catalog **, char why[512]);
    enum error (*functions)(struct store *, struct catalog *, char why[512]); /* NULL: it has none */
    enum error (*describe)(struct store *, struct model *, struct complaints *);
    struct port *(*attach)(struct store *, struct loop *, unsigned worker);
    bool (*is_quiet)(struct port *);
    void (*detach)(struct port *);
    enum submit (*submit)(struct port *, struct fetch *);
    void (*cancel)(struct port *, struct fetch *);
    void (*refresh)(struct port *);
    void (*state)(struct store *, struct store_state *);
    struct listener *(*listen)(struct store *, struct loop *, const struct listener_events *);
    bool (*listener_is_quiet)(const struct listener *);
    void (*unlisten)(struct listener *);
    const char *tellers[TELLERS][2]; /* SQL: made, taken away; NULL: it needs none */
    enum error (*run_tellers)(struct store *, const char *sql, char why[512]);
    enum error (*check_replication)(struct store *, char why[512],
                                    char unheard[512]); /* NULL: it needs nothing */
    void (*close)(struct store *);
};

extern const struct store_driver store_driver_pg, store_driver_sqlite;

struct store {
    const struct store_driver *driver;
};

struct port {
    struct store *store;
};

struct listener {
    struct store *store;
    struct listener_events events;
};

#endif
