/* SPDX-License-Identifier: Apache-2.0 */
/* One .sql file: its head is split off and read by the table of keys, its statement is cut. See query_file.h. */
#include "config/query_file.h"

struct place place_after(struct place at, struct slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++) {
        bool newline = bytes.data[i] == '\n';
        bool continues = ((unsigned char)bytes.data[i] & 0xc0) == 0x80;
        at.line += newline;
        at.column = newline ? 1 : at.column + !continues;
    }
    return at;
}

/* Splits the head's text off. False: there is no head. */
static bool split_head(struct slice bytes, struct slice *ret_head, struct slice *ret_sql)
{
    struct slice text = slice_trim(bytes);
    if (!slice_starts(text, SLICE("/*")))
        return false;
    struct slice inside = slice_trim(slice_skip(text, 2));
    struct slice behind = slice_skip(inside, strlen("leat"));
    if (!slice_starts(inside, SLICE("leat")) || !behind.len || !strchr(" \t\r\n*", behind.data[0]))
        return false;
    const char *end = memmem(behind.data, behind.len, "*/", 2);
    if (!end)
        return false;
    *ret_head = slice_of(behind.data, (size_t)(end - behind.data));
    *ret_sql = slice_skip(behind, ret_head->len + 2);
    return true;
}

/* False: it is not YAML, and nothing can be said of the statement. */
static bool read_head(struct walk *walk, struct slice head, struct place at, struct config_query *query)
{
    struct node *root;
    struct node_source source = {.bytes = head, .start = at};
    if (node_parse(walk->arena, source, walk->complaints, &root))
        return false;
    walk_section(walk, &section_query, root, "the head", query);
    query->changes = root->kind == NODE_MAP && node_child(root, SLICE("write"));
    if (!query->order.text.data && root->kind == NODE_MAP && node_child(root, SLICE("page")))
        complain(walk->complaints, node_child(root, SLICE("page"))->key_at,
                 "`page` needs `order`: pages run along columns that are unique together");
    return true;
}

static struct config_sql *variant_field(struct config_query *query, enum sql_variant variant)
{
    struct config_sql *const fields[] = {
        [SQL_ANY] = &query->any, [SQL_PG] = &query->pg, [SQL_SQLITE] = &query->sqlite};
    PRE((unsigned)variant < ARRAY_LEN(fields));
    return fields[variant];
}

void query_file_read(struct walk *walk, struct sql_source source, struct config_query *query,
                     struct slice *head)
{
    PRE(source.name && head);
    struct place start = {.file = source.name, .line = 1, .column = 1};
    struct slice own_head = {0}, sql = source.bytes;
    if (!slice_is_utf8(source.bytes) ||
        memchr(source.bytes.data ? source.bytes.data : "", 0, source.bytes.len)) {
        complain(walk->complaints, start, "the file is not UTF-8 text");
        return;
    }
    bool has_head = split_head(source.bytes, &own_head, &sql);
    size_t head_at = has_head ? (size_t)(own_head.data - source.bytes.data) : 0;
    struct place head_place = place_after(start, slice_of(source.bytes.data, head_at));
    if (!head->data && !has_head) {
        complain(walk->complaints, start, "expected the head at the beginning: `/* leat`, its YAML, `*/`");
        return;
    }
    if (!head->data) {
        *head = own_head;
        query->at = start;
        if (!read_head(walk, own_head, head_place, query))
            return;
    } else if (has_head && !slice_eq(slice_trim(*head), slice_trim(own_head))) {
        complain(walk->complaints, head_place,
                 "this head differs from the one in %s: write it in one file alone", query->at.file);
    }
    struct place sql_place =
        place_after(start, slice_of(source.bytes.data, (size_t)(sql.data - source.bytes.data)));
    struct sql_source statement = {.name = source.name, .bytes = sql, .variant = source.variant};
    sql_cut(walk, statement, sql_place, query, variant_field(query, source.variant));
}

/* Names by which a client asks for its page cannot be a paged query's parameters. */
static void check_page_names(struct walk *walk, const struct config_query *query)
{
    static const char *const names[] = {"limit", "offset", "cursor", "page", "page_size"};
    for (unsigned i = 0; i < query->param_count; i++)
        for (unsigned j = 0; j < ARRAY_LEN(names); j++)
            if (slice_eq(query->params[i].name.text, slice_str(names[j])))
                complain(walk->complaints, query->params[i].name.at,
                         "`%s` asks for a page here: give the parameter another name", names[j]);
}

void query_complete(struct walk *walk, struct config_query *query)
{
    bool paged = query->order.text.data;
    page_inherit(&query->page, &walk->config->page);
    if (paged)
        check_page_names(walk, query);
    if (query->returns != RETURNS_ROWS && (paged || query->envelope.declared))
        complain(walk->complaints, query->at, "`%s` needs `returns: rows`", paged ? "order" : "envelope");
    struct slice rest = query->path, name = {0};
    while (rest.data)
        name = slice_cut(&rest, '/');
    if (paged && !query->envelope.declared)
        envelope_default(walk->arena, &query->envelope, name, &query->page);
}
