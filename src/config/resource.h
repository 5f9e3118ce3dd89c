/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of a resource: who may read, pages, envelope, columns. Part of config.h, which says who owns it.
 * Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_RESOURCE_H
#define LEAT_CONFIG_RESOURCE_H

#include "config/auth.h"
#include "config/cache.h"
#include "config/limit.h"

enum page_by { PAGE_BY_CURSOR, PAGE_BY_NUMBER };

struct page_policy {
    unsigned size, max;
    enum page_by by;      /* number: page/page_size with a total */
    int64_t total_ttl_ms; /* how old a total may be; 0: counted for each request */
    unsigned export_max;  /* rows of an NDJSON or CSV export, which is not paged */
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

/* `set: {updated_at: ':now'}`: filled in by Leat on every write, or on creation alone, never by the caller. */
struct config_set {
    struct slice column;
    enum set_value { SET_NOW, SET_USER, SET_TENANT, SET_ROLE, SET_TEXT } value;
    struct slice text;   /* as written: of SET_TEXT the value */
    bool on_create_only; /* 'created_at: :now on create' */
    struct place at;
};

/* `rows: {viewer: escalation_level=lt.3}`: what callers of this very role see and may change, in the URL's grammar. */
struct config_rows {
    unsigned role; /* the bit of one */
    struct word when;
};

/* `columns: {viewer: 'id,name', admin: '*'}`: what callers with the rights of this role see and may write. */
struct config_columns {
    unsigned role; /* the bit of one */
    struct word names;
};

/* `functions: {search_events: {call: anonymous}}`: served as /rpc/NAME. */
struct config_function {
    struct word name;     /* the path segment */
    struct word function; /* "schema.function" or "function"; default: the name */
    unsigned call;        /* roles that may */
    struct word
        tenant; /* the argument that is the caller's tenant; `none`: it is of no tenant; data NULL: not said */
    struct config_tables changes;
    struct config_limits limits;
    struct place at;
};

/* `behind: {last_login: 1s}`: a column that may be written later, so long at most. */
struct config_behind {
    struct word column;
    int64_t within_ms;
};

struct config_resource {
    struct word name;                  /* the path segment */
    struct word table;                 /* "schema.table" or "table"; default: the name */
    struct word columns;               /* '*,-password_hash' or 'id,name'; default '*' */
    struct config_columns *columns_of; /* by role; then `columns` says nothing */
    unsigned columns_of_count;
    struct word tenant;   /* the column that says whose a row is; `none`: everybody's */
    struct word select;   /* default selection, in the URL's grammar */
    struct word order;    /* default order, in the URL's grammar */
    struct word key;      /* for views: 'id' or 'a,b' */
    unsigned read, write; /* roles that may */
    bool put_merges;      /* `put: merge`: PUT changes what it is given; else it replaces the row */
    bool unfiltered;      /* `unfiltered: allowed`: PATCH and DELETE may go without a filter */
    struct word deleted;  /* the column that marks a deleted row */
    struct word version;  /* the column that changes with every write of a row */
    struct config_set *set;
    unsigned set_count;
    struct config_rows *rows;
    unsigned rows_count;
    struct config_behind *behind;
    unsigned behind_count;
    struct page_policy page;
    struct cache_policy cache;
    struct envelope envelope;
    struct config_limits limits;
    struct config_tables changes; /* what the table's triggers and rules change */
    struct config_tables signals; /* that end its answers */
    struct config_any *any;       /* `any: {status: all}` */
    unsigned any_count;
    struct place at;
};

#endif
