/* SPDX-License-Identifier: Apache-2.0 */
/* The document while it is written: JSON piece by piece, with its commas, and what all parts of it look at. Internal to openapi/.
 *
 *   doc_open(doc, "schema", '{');  doc_text(doc, "type", SLICE("string"));  doc_close(doc, '}');   "schema":{"type":"string"}
 *
 * A key of NULL is an array's item. Failure is the buf's. One thread. */
#ifndef LEAT_OPENAPI_DOC_H
#define LEAT_OPENAPI_DOC_H

#include "base/buf.h"
#include "catalog/model.h"
#include "openapi/check.h"

struct doc {
    struct buf *out;
    bool comma; /* something stands before in this object or array */
    struct arena arena;
    const struct model *model;
    unsigned roles;         /* the caller's */
    struct bounds **bounds; /* of each resource, by the table's columns */
    bool several_schemas;   /* are served to the caller */
};

/* A prefix and its manner, while paths are written. */
struct doc_prefix {
    const struct serve_prefix *serve;
    bool first; /* whose operations have plain names */
};

void doc_open(struct doc *doc, const char *key, char bracket);
void doc_open_name(struct doc *doc, struct slice key, char bracket); /* of a key that is no literal */
void doc_close(struct doc *doc, char bracket);
void doc_text(struct doc *doc, const char *key, struct slice text); /* a string, mended */
void doc_raw(struct doc *doc, const char *key, struct slice json);  /* ready JSON */
void doc_uint(struct doc *doc, const char *key, uint64_t number);
void doc_true(struct doc *doc, const char *key);
/* The members of an embedded object, as if they were written here. */
void doc_members(struct doc *doc, struct slice object);
/* "key":{"$ref":"#/components/WHERE.SUFFIX"}; where: "schemas/http.problem". suffix: a name of the database's; may be empty */
void doc_ref(struct doc *doc, const char *key, const char *where, struct slice name, const char *suffix);
/* "-2d" for what may not stand in a component's name, so that two names never become one. */
struct slice doc_component(struct doc *doc, struct slice name);

bool doc_is_number(struct slice text); /* a number as JSON writes it */

/* type.c. The members of a value's schema, in an open object. */
void type_members(struct doc *doc, const struct type *type, bool nullable, const struct bounds *bounds);
bool type_is_number(const struct type *type);

/* filter.c. components/schemas of filters, and a column's: "filter.number". */
void filter_schemas(struct doc *doc);
const char *filter_schema(const struct doc *doc, const struct type *type);

/* Which resources, relations and operations the caller sees. */
bool doc_may_see(const struct doc *doc, const struct resource *resource); /* something of it */
bool doc_may_read(const struct doc *doc, const struct resource *resource);
bool doc_may_create(const struct doc *doc, const struct resource *resource);
bool doc_may_change(const struct doc *doc, const struct resource *resource);
bool doc_may_remove(const struct doc *doc, const struct resource *resource);

/* schema.c: components/schemas and /parameters of a resource. */
void resource_schemas(struct doc *doc, const struct resource *resource);
/* A ref to its column's; none where the column's name means something else in a query string. */
void resource_filter(struct doc *doc, const struct resource *resource, const struct column *column);
void resource_parameters(struct doc *doc, const struct resource *resource);
/* A column of a query's or function's answer, or a field of a body. */
void column_schema(struct doc *doc, struct slice name, const struct type *type, bool nullable);

/* operation.c: what operations share. */
void operation_begin(struct doc *doc, const struct doc_prefix *prefix, const char *method, const char *verb,
                     struct slice name, struct slice tag);
void operation_parameter(struct doc *doc, const char *name);
/* Idempotency-Key, where the configuration keeps keys. */
void operation_key(struct doc *doc);
/* Accept-Profile or Content-Profile, of resources in PostgREST's manner. */
void operation_profile(struct doc *doc, const struct doc_prefix *prefix, bool writes);
void operation_problems(struct doc *doc, const struct doc_prefix *prefix, bool not_found, bool conflict);
void operation_header(struct doc *doc, const char *name);
void answer_list(struct doc *doc, const struct doc_prefix *prefix, const struct envelope *envelope,
                 void (*row)(struct doc *doc, const char *key, const void *of), const void *of);
/* Beside answer_list, where rows can be counted: a part of a known whole, in PostgREST's manner. */
void answer_part(struct doc *doc, const struct doc_prefix *prefix,
                 void (*row)(struct doc *doc, const char *key, const void *of), const void *of);

/* Paths of each kind, and the answers that those of a resource refer to. */
void resource_responses(struct doc *doc, const struct resource *resource);
void resource_paths(struct doc *doc, const struct doc_prefix *prefix, const struct resource *resource);
void limit_parameters(struct doc *doc, const struct doc_prefix *prefix, const struct page_policy *page);
void paging_parameters(struct doc *doc, const struct doc_prefix *prefix, const struct page_policy *page,
                       bool cursor);
void query_path(struct doc *doc, const struct doc_prefix *prefix, const struct named_query *query);
/* login.c: of a configuration that knows callers. */
void login_paths(struct doc *doc, const struct doc_prefix *prefix);
void login_security(struct doc *doc);
void rpc_path(struct doc *doc, const struct doc_prefix *prefix, const struct rpc *rpc);
/* upstream.c. Whether the caller may ask it for something, and its path is a whole one. */
bool upstream_may_see(const struct doc *doc, const struct config_upstream *upstream);
void upstream_path(struct doc *doc, const struct config_upstream *upstream);

#endif
