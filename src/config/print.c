/* SPDX-License-Identifier: Apache-2.0 */
/* The effective configuration as YAML that loads to the same: the tables of keys, walked the other way. See walk.h.
 * Pure. Passwords in URLs are printed as `***`; everything else round-trips. */
#include "config/walk.h"

void print_name(struct printer *printer, const char *name)
{
    PRE(printer->indent % 2 == 0);
    for (unsigned i = 0; i < printer->indent; i++)
        buf_byte(printer->out, ' ');
    config_print_text(printer->out, slice_str(name));
    buf_byte(printer->out, ':');
}

void print_section(struct printer *printer, const struct section *section, const void *base)
{
    for (const struct key *key = section->keys; key->name; key++)
        if (key->kind && key->kind->print)
            key->kind->print(printer, key, (const char *)base + key->offset);
}

static bool is_alnum(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What needs no quotes, in a block as well as between braces: a narrow rule is easier to trust than YAML's. */
static bool is_plain(struct slice text)
{
    if (text.len == 0 || !(is_alnum(text.data[0]) || strchr("/_.", text.data[0])))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        bool colon_inside = c == ':' && i + 1 < text.len;
        if (c == 0 || !(is_alnum(c) || strchr("_./@%+-", c) || colon_inside))
            return false;
    }
    return true;
}

/* Letters that YAML takes for the end of a line, or refuses: C1 controls, U+2028, U+2029, the byte order mark, U+FFFE and
 * U+FFFF. Returns how many bytes such a letter has, or 0. */
static size_t awkward_letter(struct slice text, unsigned *ret_code)
{
    const unsigned char *at = (const unsigned char *)text.data;
    if (text.len >= 2 && at[0] == 0xc2 && at[1] < 0xa0) {
        *ret_code = at[1];
        return 2;
    }
    if (text.len < 3 || at[0] < 0xe0 || at[0] > 0xef)
        return 0;
    unsigned code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    *ret_code = code;
    return code == 0x2028 || code == 0x2029 || code == 0xfeff || code >= 0xfffe ? 3 : 0;
}

/* Between double quotes. In a value `${` would be replaced when read again: it is written `$${` there. */
static void print_quoted(struct buf *out, struct slice text, bool is_key)
{
    buf_byte(out, '"');
    while (text.len) {
        unsigned code = (unsigned char)text.data[0];
        size_t awkward = awkward_letter(text, &code);
        if (awkward)
            buf_format(out, "\\u%04x", code);
        else if (code < 0x20 || code == 0x7f)
            buf_format(out, "\\x%02x", code);
        else if (code == '"' || code == '\\')
            buf_format(out, "\\%c", (char)code);
        else if (!is_key && slice_starts(text, SLICE("${")))
            buf_lit(out, "$$");
        else
            buf_byte(out, text.data[0]);
        text = slice_skip(text, awkward ? awkward : 1);
    }
    buf_byte(out, '"');
}

void config_print_text(struct buf *out, struct slice text)
{
    if (is_plain(text))
        buf_add(out, text);
    else
        print_quoted(out, text, false);
}

void print_key(struct buf *out, struct slice key)
{
    if (is_plain(key))
        buf_add(out, key);
    else
        print_quoted(out, key, true);
}

static void print_queries(const struct config *config, struct buf *out)
{
    for (unsigned i = 0; i < config->query_count; i++)
        buf_format(out, "# the named query " SLICE_FMT "\n", SLICE_ARG(config->queries[i].path));
}

/* What instances that answer alike may differ in. The database's URL is compared by who asks, for it is masked here. */
static bool is_of_meaning(const struct key *key)
{
    static const char *const apart[] = {"listen",      "admin", "workers", "database", "limits",
                                        "limiter",     "shed",  "redis",   "http",     "body",
                                        "spool",       "batch", "drain",   "log",      "state",
                                        "idempotency", "docs",  "queries", "cache"};
    for (unsigned i = 0; i < ARRAY_LEN(apart); i++)
        if (strcmp(key->name, apart[i]) == 0)
            return false;
    return key->kind && key->kind->print;
}

void config_print_meaning(const struct config *config, struct buf *out)
{
    PRE(config && out);
    struct printer printer = {.out = out, .config = config};
    for (const struct key *key = section_root.keys; key->name; key++)
        if (is_of_meaning(key))
            key->kind->print(&printer, key, (const char *)config + key->offset);
    for (unsigned i = 0; i < config->query_count; i++)
        print_section(&printer, &section_query, &config->queries[i]);
}

void config_print(const struct config *config, struct buf *out)
{
    PRE(config && out);
    struct printer printer = {.out = out, .config = config};
    print_section(&printer, &section_root, config);
    print_queries(config, out);
}
