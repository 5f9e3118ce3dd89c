/* SPDX-License-Identifier: Apache-2.0 */
/* What resources and named queries declare: the envelope, words that filter nothing; and the resources
 * themselves. See walk.h. What a resource says of columns is checked later, against the catalogue, by catalog/model.c. */
#include "base/map.h"
#include "config/walk.h"

static const char *const names_reserved[] = {"v1", "auth", "batch", "rpc", NULL};

bool name_is_reserved(struct slice name)
{
    for (const char *const *reserved = names_reserved; *reserved; reserved++)
        if (slice_eq(name, slice_str(*reserved)))
            return true;
    return false;
}

const char *name_refused(struct slice name)
{
    if (name_is_reserved(name))
        return "is kept for Leat itself (as are v1, auth, batch and rpc)";
    if (name.len == 0 || name.len > 100)
        return "cannot stand in a path: 1 to 100 letters are needed";
    if (name.data[0] == '.' || name.data[0] == '~')
        return "cannot stand in a path: it begins with a dot or a tilde";
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              strchr("_-.~", c)))
            return "cannot stand in a path: only letters, digits, `_`, `-`, `.` and `~` can";
    }
    return NULL;
}

/* --- envelope: --- */

static const char *const envelope_words[] = {"rows", "page", "size", "total", "pages",
                                             "next", "prev", "more", NULL};

static struct slice *envelope_field(struct envelope *envelope, enum envelope_what what)
{
    struct slice *const fields[] = {
        [ENVELOPE_ROWS] = &envelope->rows,   [ENVELOPE_PAGE] = &envelope->page,
        [ENVELOPE_SIZE] = &envelope->size,   [ENVELOPE_TOTAL] = &envelope->total,
        [ENVELOPE_PAGES] = &envelope->pages, [ENVELOPE_NEXT] = &envelope->next,
        [ENVELOPE_PREV] = &envelope->prev,   [ENVELOPE_MORE] = &envelope->more,
    };
    PRE((unsigned)what < ARRAY_LEN(fields));
    return fields[what];
}

static void envelope_add(struct envelope *envelope, struct slice name, enum envelope_what what)
{
    PRE(envelope->count < ARRAY_LEN(envelope->members));
    *envelope_field(envelope, what) = name;
    envelope->members[envelope->count++] = (struct envelope_member){.name = name, .what = what};
}

static bool read_member(struct walk *walk, const struct node *node, struct envelope *envelope)
{
    const struct key choice = {.name = "envelope", .kind = &kind_choice, .choices = envelope_words};
    unsigned before = complaints_errors(walk->complaints);
    enum envelope_what what = ENVELOPE_ROWS;
    kind_choice.read(walk, &choice, node, &what);
    if (complaints_errors(walk->complaints) > before)
        return false;
    if (envelope_field(envelope, what)->data) {
        complain(walk->complaints, node->at, "`envelope`: `%s` has a member already", envelope_words[what]);
        return false;
    }
    envelope_add(envelope, node->key, what);
    return true;
}

static void read_envelope(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct envelope envelope = {.declared = true};
    bool none = node->kind == NODE_TEXT && slice_eq(node->text, SLICE("none"));
    if (!none && (node->kind != NODE_MAP || node->count == 0)) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    for (const struct node *child = node->first; child; child = child->next)
        if (!read_member(walk, child, &envelope))
            return;
    if (!none && !envelope.rows.data)
        complain(walk->complaints, node->at,
                 "`envelope` names no member for `rows`: say for example `{items: rows}`");
    *(struct envelope *)field = envelope;
}

static void print_envelope(struct printer *printer, const struct key *key, const void *field)
{
    const struct envelope *envelope = field;
    if (!envelope->declared)
        return;
    print_name(printer, key->name);
    if (envelope->count == 0)
        buf_lit(printer->out, " none");
    for (unsigned i = 0; i < envelope->count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        print_key(printer->out, envelope->members[i].name);
        buf_format(printer->out, ": %s", envelope_words[envelope->members[i].what]);
    }
    buf_add(printer->out, envelope->count ? SLICE("}\n") : SLICE("\n"));
}

const struct kind kind_envelope = {
    .expected =
        "members and what they hold, such as `{events: rows, next_cursor: next, has_more: more}`, or `none`",
    .read = read_envelope,
    .print = print_envelope};

void envelope_default(struct arena *arena, struct envelope *envelope, struct slice name,
                      const struct page_policy *page)
{
    PRE(!envelope->declared && envelope->count == 0);
    envelope_add(envelope, arena_copy(arena, name), ENVELOPE_ROWS);
    if (page->by == PAGE_BY_NUMBER) {
        envelope_add(envelope, SLICE("page"), ENVELOPE_PAGE);
        envelope_add(envelope, SLICE("page_size"), ENVELOPE_SIZE);
        envelope_add(envelope, SLICE("total"), ENVELOPE_TOTAL);
        envelope_add(envelope, SLICE("pages"), ENVELOPE_PAGES);
    } else {
        envelope_add(envelope, SLICE("next_cursor"), ENVELOPE_NEXT);
        envelope_add(envelope, SLICE("prev_cursor"), ENVELOPE_PREV);
        envelope_add(envelope, SLICE("has_more"), ENVELOPE_MORE);
    }
}

void page_inherit(struct page_policy *page, const struct page_policy *defaults)
{
    if (page->by == PAGE_BY_CURSOR && page->total_ttl_ms == defaults->total_ttl_ms)
        page->total_ttl_ms = 0;
}

/* --- any: {status: all} --- */

static void read_any(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    struct config_resource *resource = field;
    bool good = node->kind == NODE_MAP && node->count > 0;
    struct config_any *any = ARENA_ARRAY(walk->arena, struct config_any, node->count + 1);
    unsigned count = 0;
    for (const struct node *child = node->first; good && child; child = child->next) {
        good = child->kind == NODE_TEXT && child->text.len > 0;
        any[count++] = (struct config_any){.column = child->key, .word = child->text, .at = child->key_at};
    }
    if (!good) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    resource->any = any;
    resource->any_count = count;
}

static void print_any(struct printer *printer, const struct key *key, const void *field)
{
    const struct config_resource *resource = field;
    if (resource->any_count == 0)
        return;
    print_name(printer, key->name);
    for (unsigned i = 0; i < resource->any_count; i++) {
        buf_add(printer->out, i ? SLICE(", ") : SLICE(" {"));
        print_key(printer->out, resource->any[i].column);
        buf_lit(printer->out, ": ");
        config_print_text(printer->out, resource->any[i].word);
    }
    buf_lit(printer->out, "}\n");
}

const struct kind kind_any = {.expected =
                                  "columns and the word that filters nothing, such as `{status: all}`",
                              .read = read_any,
                              .print = print_any};

/* --- resources: --- */

/* The key is the table, "schema.table" or "table"; its last part is the resource's name, unless `as:` says another. */
static void resource_names(struct walk *walk, const struct node *node, struct config_resource *resource)
{
    struct word key = {.text = node->key, .at = node->key_at};
    PRE(key.text.len > 0);
    size_t dot = slice_find(key.text, '.');
    if (!resource->table.text.data)
        resource->table = key;
    if (!resource->name.text.data) {
        resource->name = key;
        resource->name.text = slice_skip(key.text, dot == key.text.len ? 0 : dot + 1);
    }
    const char *refused = name_refused(resource->name.text);
    if (refused)
        complain(walk->complaints, resource->name.at,
                 "`resources`: `" SLICE_FMT "` %s: give another name by `as:`",
                 SLICE_ARG(resource->name.text), refused);
}

static void read_resource(struct walk *walk, const struct node *node, struct config_resource *resource)
{
    resource->at = node->key_at;
    resource->read = walk->config->read;
    resource->write = walk->config->write;
    resource->page = walk->config->page;
    resource->cache = walk->config->cache.policy;
    if (!node_is_nothing(node))
        walk_section(walk, &section_resource, node,
                     arena_format(walk->arena, "`" SLICE_FMT "`", SLICE_ARG(node->key)).data, resource);
    resource_names(walk, node, resource);
    page_inherit(&resource->page, &walk->config->page);
    if (!resource->envelope.declared)
        envelope_default(walk->arena, &resource->envelope, resource->name.text, &resource->page);
}

static void read_resources(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    if (node->kind != NODE_MAP) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    struct config *config = walk->config;
    config->resources = ARENA_ARRAY(walk->arena, struct config_resource, node->count + 1);
    config->resource_count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        read_resource(walk, child, &config->resources[config->resource_count++]);
}

static void print_resources(struct printer *printer, const struct key *key, const void *field)
{
    const struct config *config = field;
    if (config->resource_count == 0)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    printer->indent += 2;
    for (unsigned i = 0; i < config->resource_count; i++) {
        struct slice name = config->resources[i].name.text;
        buf_format(printer->out, "%*s", (int)printer->indent, "");
        print_key(printer->out, name);
        buf_lit(printer->out, ":\n");
        printer->indent += 2;
        print_section(printer, &section_resource, &config->resources[i]);
        printer->indent -= 2;
    }
    printer->indent -= 2;
}

const struct kind kind_resources = {
    .expected = "a mapping from tables to what is said of them, such as `{users: {order: id}}`",
    .read = read_resources,
    .print = print_resources};

/* `as:` is printed where the key alone would be taken for schema.table. */
static void print_as(struct printer *printer, const struct key *key, const void *field)
{
    const struct word *name = field;
    if (slice_find(name->text, '.') < name->text.len)
        kind_text.print(printer, key, field);
}

static void read_as(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    kind_text.read(walk, key, node, field);
}

const struct kind kind_as = {.expected = "a name", .read = read_as, .print = print_as};

/* --- queries: DIR --- */

void walk_read_folder(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind != NODE_TEXT || node->text.len == 0) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    struct word *folder = field;
    *folder = walk_word(node);
    if (node->at.line)
        folder->text = walk_path(walk, folder->text);
}

void print_folder(struct printer *printer, const struct key *key, const void *field)
{
    kind_text.print(printer, key, field);
}

const struct kind kind_folder = {.expected = "a folder of .sql files such as `queries/`",
                                 .read = walk_read_folder,
                                 .print = print_folder};

/* --- spool: {folder: DIR} --- */

const struct kind kind_spool_folder = {.expected = "a folder for large bodies such as `/var/tmp`",
                                       .read = walk_read_folder,
                                       .print = print_folder};
