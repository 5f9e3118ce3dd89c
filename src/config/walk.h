/* SPDX-License-Identifier: Apache-2.0 */
/* The walker: a table of keys for each mapping says how a key is read into its field and printed back. What is not in the
 * table is refused; a key whose kind is NULL belongs to later work and is refused as such. The same tables make the reader
 * (walk_section), the printer (print_section) and the list that doc/configuration.md is checked against.
 *
 *   section ─ key ─ kind (how to read and print) ─ field: base + offset
 *
 * Failure: a complaint; the field keeps what it had. Texts are copied to nowhere: they point into the nodes' arena, which is
 * the configuration's. Start-up and reload only; one thread. */
#ifndef LEAT_CONFIG_WALK_H
#define LEAT_CONFIG_WALK_H

#include "base/buf.h"
#include "config/names.h"
#include "config/node.h"

struct walk {
    struct arena *arena; /* the configuration's */
    struct complaints *complaints;
    struct config *config;
    const char *folder; /* of the file: relative paths start here; NULL: no file may be opened */
};

struct printer {
    struct buf *out;
    unsigned indent; /* in spaces */
    const struct config *config;
};

struct key {
    const char *name;
    const struct kind *kind;       /* NULL: not built yet */
    size_t offset;                 /* of the field in what the section fills */
    int64_t low, high;             /* bounds of a number, in the field's unit */
    const char *zero;              /* a word for the number 0: `auto`, `off`; NULL: none */
    const char *const *choices;    /* of KIND_CHOICE: words, NULL-terminated, in the order of the enum */
    const struct section *section; /* of KIND_SECTION */
};

struct section {
    const char *name;       /* as the documentation calls it: "database.pool" */
    const struct key *keys; /* ended by a zeroed one; read in this order */
};

struct kind {
    const char *expected; /* "a duration such as `30s` (ms, s, m, h or d)" */
    void (*read)(struct walk *walk, const struct key *key, const struct node *node, void *field);
    void (*print)(struct printer *printer, const struct key *key, const void *field);
    /* numbers alone */
    bool (*parse)(struct slice text, int64_t *ret_number);
    void (*format)(struct buf *out, int64_t number);
    size_t width; /* of the field: 4 or 8 bytes */
};

/* kinds.c */
extern const struct kind kind_duration, kind_bytes, kind_rate, kind_count, kind_switch, kind_text, kind_names,
    kind_column, kind_condition, kind_choice, kind_section, kind_small_bytes, kind_level, kind_summary,
    kind_version;
/* kinds_database.c */
extern const struct kind kind_url, kind_slow;
/* kinds_redis.c */
extern const struct kind kind_redis;
/* kinds_network.c */
extern const struct kind kind_listen, kind_address, kind_proxies, kind_serve, kind_cors;
/* kinds_resource.c */
extern const struct kind kind_envelope, kind_any, kind_as, kind_resources, kind_folder, kind_spool_folder;
/* kinds_auth.c */
extern const struct kind kind_declared_roles, kind_role, kind_roles, kind_rights;
/* kinds_cache.c */
extern const struct kind kind_cache, kind_cache_memory, kind_warm, kind_state_folder;
/* kinds_tables.c */
extern const struct kind kind_tables, kind_tags, kind_signal_names;
/* kinds_credentials.c */
extern const struct kind kind_secret, kind_foreign, kind_key_file, kind_alg, kind_audit;
/* kinds_writes.c */
extern const struct kind kind_either, kind_set, kind_rows, kind_behind;
/* kinds_tenant.c */
extern const struct kind kind_tenant, kind_columns;
/* kinds_functions.c */
extern const struct kind kind_functions;
/* check_limits.c */
void check_limits(struct walk *walk);

/* kinds_limits.c */
extern const struct kind kind_limits, kind_limit_per, kind_limit_rate, kind_limit_when, kind_limit_tiers,
    kind_limit_name;
/* kinds_upstream.c */
extern const struct kind kind_upstreams, kind_service_url, kind_service_add;
void upstream_defaults(struct config_upstream *ret_upstream);
extern const struct section section_upstream, section_breaker;
/* kinds_signals.c */
extern const struct kind kind_signals;
extern const struct section section_signal, section_purge;
/* query_params.c */
extern const struct kind kind_params;

/* tables.c: every mapping's keys. */
extern const struct section section_root, section_resource, section_query, section_database, section_function,
    section_cache_policy, section_limit, section_foreign;
/* All of them, for documentation and tests; ended by NULL. */
extern const struct section *const sections_all[];
/* The configuration's defaults, as YAML. */
extern const char config_defaults[];

/* Reads a mapping's children into the fields of base. `called` names the mapping in complaints. */
void walk_section(struct walk *walk, const struct section *section, const struct node *node,
                  const char *called, void *base);
/* Complains: "`key`: found …, expected …". */
void walk_expected(struct walk *walk, const struct node *node, const char *key, const char *expected);
/* " — did you mean `x`?" for complaints, or nothing. Words: offered to base/nearest.h; ended by NULL. */
struct slice walk_nearest(struct walk *walk, struct slice typed, const char *const *words);
/* "`text`", "a list", "a mapping" or "nothing", for complaints. */
struct slice walk_found(struct walk *walk, const struct node *node);
struct word walk_word(const struct node *node);
/* Reads the file that `file:PATH` names; the word is its trimmed text then. False: a complaint. what: it is to hold, "URL". */
bool walk_secret(struct walk *walk, const char *key, const char *what, struct word *word);
/* A path of the file's, made absolute where the folder is known. */
struct slice walk_path(struct walk *walk, struct slice path);

/* "anonymous" → ROLE_ANONYMOUS. False: no such role. */
bool role_find(struct walk *walk, struct slice word, unsigned *ret_role);
/* The complaint about a word that is none, with all that are, `none` too where it may stand. */
void role_refuse(struct walk *walk, struct place at, const char *key, struct slice word, bool or_none);

/* kinds_resource.c: a folder's path; for kinds. */
void walk_read_folder(struct walk *walk, const struct key *key, const struct node *node, void *field);
void print_folder(struct printer *printer, const struct key *key, const void *field);

void print_section(struct printer *printer, const struct section *section, const void *base);
void print_key(struct buf *out, struct slice key);          /* a text that stands before a colon */
void print_name(struct printer *printer, const char *name); /* the indent, `name:` */

/* What each part of the loading adds to the walk; all complain. */
void override_apply(struct walk *walk, const struct config_override *overrides, unsigned count,
                    struct node *root);
void queries_load(struct walk *walk);
void config_check(struct walk *walk, const struct node *root);
void credentials_check(struct walk *walk); /* of config_check */
void signals_check(struct walk *walk);     /* likewise */
#endif
