/* SPDX-License-Identifier: Apache-2.0 */
/* What a database driver implements; store.c dispatches by the URL's scheme. See store.h for what each call promises.
 * A driver's store and port begin with these structs. */
#ifndef LEAT_STORE_DRIVER_H
#define LEAT_STORE_DRIVER_H

#include "store/store.h"

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
    void (*close)(struct store *);
};

extern const struct store_driver store_driver_pg, store_driver_sqlite;

struct store {
    const struct store_driver *driver;
};

struct port {
    struct store *store;
};

#endif
