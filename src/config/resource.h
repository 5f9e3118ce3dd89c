/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of a resource: who may read, pages, envelope, columns. Part of config.h, which says who owns it.
 * Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_RESOURCE_H
#define LEAT_CONFIG_RESOURCE_H

#include "config/complaints.h"

/* A text with the place it was read from. */
struct word {
    struct slice text; /* data NULL: not given */
    struct place at;
};

/* Roles a caller may have, as bits. Until identity exists there is one: anonymous. */
enum role { ROLE_ANONYMOUS = 1u << 0 };
#define ROLES_NONE 0u

enum page_by { PAGE_BY_CURSOR, PAGE_BY_NUMBER };

struct page_policy {
    unsigned size, max;
    enum page_by by;      /* number: page/page_size with a total */
    int64_t total_ttl_ms; /* how old a total may be; 0: counted for each request */
};

/* The members of a list's envelope; an empty name: that member is left out. rows empty: a bare array.
 * Where none was declared the default is filled in (declared stays false): a resource's pages are {NAME: rows, next_cursor: next,
 * prev_cursor: prev, has_more: more}, by number {NAME: rows, page: page, page_size: size, total: total, pages: pages}; a named
 * query's likewise when it is paged, NAME being the last segment of its path; an unpaged query's rows are a bare array. */
struct envelope {
    struct slice rows, page, size, total, pages, next, prev, more;
    struct envelope_member { /* in the order in which they were declared */
        struct slice name;
        enum envelope_what {
            ENVELOPE_ROWS,
            ENVELOPE_PAGE,
            ENVELOPE_SIZE,
            ENVELOPE_TOTAL,
            ENVELOPE_PAGES,
            ENVELOPE_NEXT,
            ENVELOPE_PREV,
            ENVELOPE_MORE
        } what;
    } members[8];
    unsigned count;
    bool declared;
};

struct config_any {
    struct slice column, word;
    struct place at;
};

struct config_resource {
    struct word name;    /* the path segment */
    struct word table;   /* "schema.table" or "table"; default: the name */
    struct word columns; /* '*,-password_hash' or 'id,name'; default '*' */
    struct word select;  /* default selection, in the URL's grammar */
    struct word order;   /* default order, in the URL's grammar */
    struct word key;     /* for views: 'id' or 'a,b' */
    unsigned read;       /* roles that may */
    struct page_policy page;
    struct envelope envelope;
    struct config_any *any; /* `any: {status: all}` */
    unsigned any_count;
    struct place at;
};

#endif
