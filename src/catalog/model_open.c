/* SPDX-License-Identifier: Apache-2.0 */
/* Resources for `leat serve URL` and `leat init URL`: every table and view whose name can stand in a path, without the
 * columns that look like secrets. See model.h.
 *
 * Rule of thumb, not protection: a column is hidden when a part of its name (between `_`, or from a capital on) is a
 * suspicious word, or its name holds an unmistakable one. Cannot fail. */
#include <ctype.h>

#include "base/buf.h"
#include "base/check.h"
#include "catalog/model.h"
#include "config/names.h"

static bool is_one_of(struct slice word, const char *const *words)
{
    while (*words && !slice_eq_nocase(word, slice_str(*words)))
        words++;
    return *words;
}

static bool holds(struct slice name, const char *word)
{
    struct slice wanted = slice_str(word);
    for (size_t i = 0; i + wanted.len <= name.len; i++)
        if (slice_eq_nocase(slice_of(name.data + i, wanted.len), wanted))
            return true;
    return false;
}

/* The part of a name that begins at `at`: "api", "Key" of apiKey; "api", "key" of api_key. */
static size_t part_end(struct slice name, size_t at)
{
    PRE(at < name.len);
    size_t end = at + 1;
    while (end < name.len && name.data[end] != '_' && name.data[end] != '-' &&
           !(isupper((unsigned char)name.data[end]) && islower((unsigned char)name.data[end - 1])))
        end++;
    return end;
}

bool column_looks_secret(struct slice name)
{
    static const char *const parts[] = {"pass", "pwd", "salt", "ssn", "hash", "otp", "totp",
                                        "cvv",  "cvc", "pin",  "mfa", "jwt",  "pgp", NULL};
    static const char *const anywhere[] = {"password", "passwd", "passphrase", "secret",      "token",
                                           "api_key",  "apikey", "privatekey", "private_key", "credential"};
    for (unsigned i = 0; i < ARRAY_LEN(anywhere); i++)
        if (holds(name, anywhere[i]))
            return true;
    for (size_t at = 0, end; at < name.len;
         at = end + (end < name.len && (name.data[end] == '_' || name.data[end] == '-'))) {
        end = part_end(name, at);
        if (is_one_of(slice_of(name.data + at, end - at), parts))
            return true;
    }
    return false;
}

/* '*,-password_hash'; data NULL: nothing is hidden. False: a secret's name cannot be written in that grammar. */
static bool columns_shown(struct arena *arena, const struct table *table, struct slice *ret_shown)
{
    struct slice shown = {0};
    for (unsigned i = 0; i < table->column_count; i++) {
        struct slice name = table->columns[i].name;
        if (!column_looks_secret(name))
            continue;
        if (slice_find(name, '"') < name.len)
            return false;
        bool quotes = strcspn(arena_copy(arena, name).data, ",. -*") < name.len;
        const char *quote = quotes ? "\"" : "";
        shown = arena_format(arena, SLICE_FMT ",-%s" SLICE_FMT "%s",
                             SLICE_ARG(shown.data ? shown : SLICE("*")), quote, SLICE_ARG(name), quote);
    }
    *ret_shown = shown;
    return true;
}

static bool name_is_taken(const struct config *config, struct slice name)
{
    for (unsigned i = 0; i < config->resource_count; i++)
        if (slice_eq(config->resources[i].name.text, name))
            return true;
    return false;
}

/* A name in which what cannot stand in a path has become `_`. */
static struct slice name_for_path(struct arena *arena, struct slice name)
{
    struct slice copy = arena_copy(arena, name);
    char *text = (char *)copy.data;
    for (size_t i = 0; i < copy.len; i++)
        if (!isalnum((unsigned char)text[i]) && !strchr("_-", text[i]))
            text[i] = '_';
    return copy;
}

/* The table's name, with its schema where that is reserved or taken. data NULL: there is none that would do. */
static struct slice path_of(struct config *config, const struct catalog *catalog, const struct table *table)
{
    bool many;
    bool plain = catalog_find(catalog, table->name, &many) == table;
    struct slice name = name_for_path(&config->arena, table->name);
    if (!plain || name_is_reserved(name))
        name =
            arena_format(&config->arena, SLICE_FMT "_" SLICE_FMT, SLICE_ARG(table->schema), SLICE_ARG(name));
    bool good = !name_refused(name) && !name_is_taken(config, name);
    return good ? name : (struct slice){0};
}

static void add_resource(struct config *config, const struct table *table, struct slice name)
{
    PRE(name.len > 0);
    struct arena *arena = &config->arena;
    struct slice shown;
    if (!columns_shown(arena, table, &shown))
        return;
    struct config_resource *resource = &config->resources[config->resource_count++];
    struct place nowhere = {0};
    *resource = (struct config_resource){.read = config->read,
                                         .write = config->write,
                                         .page = config->page,
                                         .at = nowhere};
    resource->name = (struct word){.text = arena_copy(arena, name), .at = nowhere};
    resource->table = (struct word){.at = nowhere};
    resource->table.text =
        arena_format(arena, SLICE_FMT "." SLICE_FMT, SLICE_ARG(table->schema), SLICE_ARG(table->name));
    resource->columns = (struct word){.text = shown, .at = nowhere};
    envelope_default(arena, &resource->envelope, resource->name.text, &resource->page);
}

/* Those of identity, which auth/ledger.h describes. */
static bool keeps_identity(const struct table *table)
{
    static const struct slice names[] = {SLICE_INIT("leat_secret"), SLICE_INIT("leat_sessions"),
                                         SLICE_INIT("leat_keys"), SLICE_INIT("leat_revoked")};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq(table->name, names[i]))
            return true;
    return false;
}

bool table_is_own(const struct config *config, const struct table *table)
{
    if (keeps_identity(table))
        return true;
    struct slice rest = config->idempotency.table.text, first = slice_cut(&rest, '.');
    if (rest.data)
        return slice_eq(first, table->schema) && slice_eq(rest, table->name);
    return slice_eq(first, table->name) &&
           (slice_eq(table->schema, SLICE("public")) || slice_eq(table->schema, SLICE("main")));
}

void model_open_resources(struct config *config, const struct catalog *catalog)
{
    PRE(config && catalog);
    struct config_resource *resources = ARENA_ARRAY(&config->arena, struct config_resource,
                                                    config->resource_count + catalog->table_count + 1);
    if (config->resource_count)
        memcpy(resources, config->resources, config->resource_count * sizeof *resources);
    config->resources = resources;
    for (unsigned i = 0; i < catalog->table_count; i++) {
        struct slice name = path_of(config, catalog, &catalog->tables[i]);
        if (name.data && !table_is_own(config, &catalog->tables[i]))
            add_resource(config, &catalog->tables[i], name);
    }
}
