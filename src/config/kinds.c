/* SPDX-License-Identifier: Apache-2.0 */
/* The simple kinds of values: numbers with and without a unit, switches, texts, choices, nested mappings. See walk.h.
 *
 * A number's field is 4 or 8 bytes wide and filled by memcpy, so one reader serves them all. */
#include "config/units.h"
#include "config/walk.h"

static void field_set(void *field, size_t width, int64_t number)
{
    PRE(width == sizeof(uint32_t) || width == sizeof(int64_t));
    uint32_t narrow = (uint32_t)number;
    if (width == sizeof narrow)
        memcpy(field, &narrow, sizeof narrow);
    else
        memcpy(field, &number, sizeof number);
}

static int64_t field_get(const void *field, size_t width)
{
    PRE(width == sizeof(uint32_t) || width == sizeof(int64_t));
    uint32_t narrow;
    int64_t wide;
    if (width == sizeof narrow) {
        memcpy(&narrow, field, sizeof narrow);
        return narrow;
    }
    memcpy(&wide, field, sizeof wide);
    return wide;
}

static void complain_range(struct walk *walk, const struct key *key, const struct node *node)
{
    struct buf range;
    buf_init(&range, 100);
    key->kind->format(&range, key->low);
    buf_lit(&range, " to ");
    key->kind->format(&range, key->high);
    complain(walk->complaints, node->at, "`%s`: `" SLICE_FMT "` is out of range: expected " SLICE_FMT,
             key->name, SLICE_ARG(node->text), SLICE_ARG(buf_slice(&range)));
    buf_done(&range);
}

/* A wrong unit of which the right one is known: "64MB: did you mean `64MiB`?" */
static void complain_number(struct walk *walk, const struct key *key, const struct node *node)
{
    const char *unit = node->kind == NODE_TEXT ? units_meant(node->text) : NULL;
    size_t digits =
        node->kind == NODE_TEXT ? strspn(arena_copy(walk->arena, node->text).data, "0123456789") : 0;
    int64_t ignored;
    struct slice meant = SLICE("");
    if (unit && digits)
        meant = arena_format(walk->arena, "%.*s%s", (int)digits, node->text.data, unit);
    if (!meant.len || !key->kind->parse(meant, &ignored)) {
        walk_expected(walk, node, key->name, key->kind->expected);
        return;
    }
    complain(walk->complaints, node->at,
             "`%s`: found " SLICE_FMT ", expected %s: did you mean `" SLICE_FMT "`?", key->name,
             SLICE_ARG(walk_found(walk, node)), key->kind->expected, SLICE_ARG(meant));
}

static void read_number(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    PRE(key->high > key->low && key->kind->parse);
    int64_t number;
    if (node->kind == NODE_TEXT && key->zero && slice_eq(node->text, slice_str(key->zero)))
        field_set(field, key->kind->width, 0);
    else if (node->kind != NODE_TEXT || !key->kind->parse(node->text, &number))
        complain_number(walk, key, node);
    else if (number < key->low || number > key->high)
        complain_range(walk, key, node);
    else
        field_set(field, key->kind->width, number);
}

static void print_number(struct printer *printer, const struct key *key, const void *field)
{
    int64_t number = field_get(field, key->kind->width);
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    if (number == 0 && key->zero)
        buf_add(printer->out, slice_str(key->zero));
    else
        key->kind->format(printer->out, number);
    buf_byte(printer->out, '\n');
}

const struct kind kind_duration = {
    .expected = "a duration with its unit such as `30s` (ms, s, m, h or d)",
    .read = read_number,
    .print = print_number,
    .parse = units_read_duration,
    .format = units_print_duration,
    .width = sizeof(int64_t),
};

const struct kind kind_bytes = {
    .expected = "a size with its unit such as `64MiB` (B, KiB, MiB or GiB)",
    .read = read_number,
    .print = print_number,
    .parse = units_read_bytes,
    .format = units_print_bytes,
    .width = sizeof(uint64_t),
};

/* A size whose field is an unsigned. */
const struct kind kind_small_bytes = {
    .expected = "a size with its unit such as `8KiB` (B, KiB, MiB or GiB)",
    .read = read_number,
    .print = print_number,
    .parse = units_read_bytes,
    .format = units_print_bytes,
    .width = sizeof(unsigned),
};

const struct kind kind_rate = {
    .expected = "a rate with its unit such as `500B/s` (B/s, KiB/s, MiB/s or GiB/s)",
    .read = read_number,
    .print = print_number,
    .parse = units_read_rate,
    .format = units_print_rate,
    .width = sizeof(unsigned),
};

const struct kind kind_count = {
    .expected = "a whole number such as `20`",
    .read = read_number,
    .print = print_number,
    .parse = slice_to_int,
    .format = buf_int,
    .width = sizeof(unsigned),
};

/* YAML 1.1's words for a truth value. */
static const char *const words_on[] = {"on", "true", "yes", NULL};
static const char *const words_off[] = {"off", "false", "no", NULL};

static bool one_of(struct slice text, const char *const *words)
{
    while (*words && !slice_eq_nocase(text, slice_str(*words)))
        words++;
    return *words;
}

static void read_switch(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind == NODE_TEXT && one_of(node->text, words_on))
        *(bool *)field = true;
    else if (node->kind == NODE_TEXT && one_of(node->text, words_off))
        *(bool *)field = false;
    else
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_switch(struct printer *printer, const struct key *key, const void *field)
{
    print_name(printer, key->name);
    buf_format(printer->out, " %s\n", *(const bool *)field ? "on" : "off");
}

const struct kind kind_switch = {.expected = "`on` or `off`", .read = read_switch, .print = print_switch};

static void read_text(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    if (node->kind != NODE_TEXT || node->text.len == 0)
        walk_expected(walk, node, key->name, key->kind->expected);
    else
        *(struct word *)field = walk_word(node);
}

static void print_text_key(struct printer *printer, const struct key *key, const void *field)
{
    const struct word *word = field;
    if (!word->text.data)
        return;
    print_name(printer, key->name);
    buf_byte(printer->out, ' ');
    config_print_text(printer->out, word->text);
    buf_byte(printer->out, '\n');
}

const struct kind kind_text = {.expected = "a text", .read = read_text, .print = print_text_key};
const struct kind kind_names = {.expected = "one text of names such as `id,name`",
                                .read = read_text,
                                .print = print_text_key};

const struct kind kind_column = {.expected = "a column such as `deleted_at`",
                                 .read = read_text,
                                 .print = print_text_key};

const struct kind kind_condition = {.expected = "a condition such as 'status=eq.open'",
                                    .read = read_text,
                                    .print = print_text_key};

static void complain_choice(struct walk *walk, const struct key *key, const struct node *node)
{
    struct buf list;
    buf_init(&list, 200);
    for (const char *const *word = key->choices; *word; word++)
        buf_format(&list, "%s`%s`", word == key->choices ? "" : word[1] ? ", " : " or ", *word);
    struct slice typed = node->kind == NODE_TEXT ? node->text : SLICE("");
    struct slice hint = typed.len ? walk_nearest(walk, typed, key->choices) : SLICE("");
    complain(walk->complaints, node->at, "`%s`: found " SLICE_FMT ", expected " SLICE_FMT SLICE_FMT,
             key->name, SLICE_ARG(walk_found(walk, node)), SLICE_ARG(buf_slice(&list)), SLICE_ARG(hint));
    buf_done(&list);
}

/* The field is an enum whose values count from 0 in the order of the words. */
static void read_choice(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    PRE(key->choices);
    for (unsigned i = 0; key->choices[i] && node->kind == NODE_TEXT; i++) {
        if (slice_eq(node->text, slice_str(key->choices[i]))) {
            memcpy(field, &i, sizeof i);
            return;
        }
    }
    complain_choice(walk, key, node);
}

static void print_choice(struct printer *printer, const struct key *key, const void *field)
{
    const char *word = key->choices[field_get(field, sizeof(unsigned))];
    PRE(word);
    print_name(printer, key->name);
    buf_format(printer->out, " %s\n", word);
}

const struct kind kind_choice = {.expected = "a word", .read = read_choice, .print = print_choice};

/* The log's level: a choice that is kept as its word. */
static void read_level(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    PRE(field);
    static const char *const levels[] = {"debug", "info", "warn", "error", NULL};
    const struct key choice = {.name = key->name, .kind = &kind_choice, .choices = levels};
    unsigned level = ARRAY_LEN(levels);
    read_choice(walk, &choice, node, &level);
    if (level < ARRAY_LEN(levels))
        *(struct slice *)field = slice_str(levels[level]);
}

/* A text whose place nobody will ask for. */
static void read_summary(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    struct word word = {0};
    read_text(walk, key, node, &word);
    *(struct slice *)field = word.text;
}

static void print_slice(struct printer *printer, const struct key *key, const void *field)
{
    struct word word = {.text = *(const struct slice *)field};
    print_text_key(printer, key, &word);
}

const struct kind kind_level = {.expected = "a level", .read = read_level, .print = print_slice};
const struct kind kind_summary = {.expected = "a sentence", .read = read_summary, .print = print_slice};

static void read_section(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    PRE(key->section);
    struct slice called = arena_format(walk->arena, "`%s`", key->name);
    walk_section(walk, key->section, node, called.data, field);
}

/* One of which nothing is said is left out. */
static void print_section_key(struct printer *printer, const struct key *key, const void *field)
{
    PRE(key->section);
    size_t before = printer->out->len;
    print_name(printer, key->name);
    buf_byte(printer->out, '\n');
    size_t begun = printer->out->len;
    printer->indent += 2;
    print_section(printer, key->section, field);
    printer->indent -= 2;
    if (printer->out->len == begun)
        printer->out->len = before;
}

const struct kind kind_section = {.expected = "a mapping", .read = read_section, .print = print_section_key};

/* `leat: 1`: the version of the format; there is one. */
static void read_version(struct walk *walk, const struct key *key, const struct node *node, void *field)
{
    (void)field;
    if (node->kind != NODE_TEXT || !slice_eq(node->text, SLICE("1")))
        walk_expected(walk, node, key->name, key->kind->expected);
}

static void print_version(struct printer *printer, const struct key *key, const void *field)
{
    (void)field;
    print_name(printer, key->name);
    buf_lit(printer->out, " 1\n");
}

const struct kind kind_version = {.expected = "`1`, the one version of this format",
                                  .read = read_version,
                                  .print = print_version};
