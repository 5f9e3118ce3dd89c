/* SPDX-License-Identifier: Apache-2.0 */
/* Accept: each of its ranges is weighed against each form; the most specific range says what a form is worth.
 *
 *     text/csv;q=0.5, application/vnd.pgrst.object+json;nulls=stripped, …
 *     └ range ─┘└ q ┘                                  └ parameter ──┘
 */
#include "respond/accept.h"

#include "base/check.h"
#include "http/field.h"
#include "respond/quality.h"

/* How closely a range names a form: the closest has the word. */
enum specificity { NOT_AT_ALL, ANY, ANY_SUBTYPE, EXACT };

struct range {
    struct slice type; /* "text/csv" */
    bool stripped;     /* nulls=stripped */
    unsigned quality;  /* in thousandths */
};

/* What the header says of one form. */
struct wish {
    enum specificity specificity;
    unsigned quality, position;
};

static const struct slice types[FORMAT_COUNT] = {
    [FORMAT_JSON] = SLICE_INIT("application/json"),
    [FORMAT_OBJECT] = SLICE_INIT("application/vnd.pgrst.object+json"),
    [FORMAT_STRIPPED] = SLICE_INIT("application/vnd.pgrst.array+json;nulls=stripped"),
    [FORMAT_OBJECT_STRIPPED] = SLICE_INIT("application/vnd.pgrst.object+json;nulls=stripped"),
    [FORMAT_CSV] = SLICE_INIT("text/csv; charset=utf-8"),
    [FORMAT_NDJSON] = SLICE_INIT("application/x-ndjson"),
};

/* What a type names, without and with nulls=stripped. */
static const struct name {
    struct slice type;
    enum format plain, stripped;
} names[] = {
    {SLICE_INIT("application/json"), FORMAT_JSON, FORMAT_JSON},
    {SLICE_INIT("application/vnd.pgrst.object+json"), FORMAT_OBJECT, FORMAT_OBJECT_STRIPPED},
    {SLICE_INIT("application/vnd.pgrst.object"), FORMAT_OBJECT, FORMAT_OBJECT_STRIPPED},
    {SLICE_INIT("application/vnd.pgrst.array+json"), FORMAT_JSON, FORMAT_STRIPPED},
    {SLICE_INIT("application/vnd.pgrst.array"), FORMAT_JSON, FORMAT_STRIPPED},
    {SLICE_INIT("text/csv"), FORMAT_CSV, FORMAT_CSV},
    {SLICE_INIT("application/x-ndjson"), FORMAT_NDJSON, FORMAT_NDJSON},
};

struct slice format_type(enum format format)
{
    PRE(format < FORMAT_COUNT);
    return types[format];
}

/* False: malformed. Parameters that mean nothing here (charset) are passed over. */
static bool read_range(struct slice item, struct range *ret_range)
{
    struct range range = {.type = slice_trim(slice_cut(&item, ';')), .quality = QUALITY_ONE};
    while (item.data) {
        struct slice value = slice_cut(&item, ';'), name = slice_trim(slice_cut(&value, '='));
        value = slice_trim(value);
        if (slice_eq_nocase(name, SLICE("q")) && !quality_read(value, &range.quality))
            return false;
        if (slice_eq_nocase(name, SLICE("nulls")) && slice_eq_nocase(value, SLICE("stripped")))
            range.stripped = true;
    }
    *ret_range = range;
    return slice_find(range.type, '/') < range.type.len;
}

static enum specificity match(const struct range *range, const struct name *name)
{
    if (slice_eq_nocase(range->type, name->type))
        return EXACT;
    if (name->plain != name->stripped)
        return NOT_AT_ALL; /* PostgREST's own types are given to those alone who name them */
    if (slice_eq(range->type, SLICE("*/*")))
        return ANY;
    size_t major = slice_find(name->type, '/') + 1;
    bool of_any_subtype =
        range->type.len == major + 1 && range->type.data[major] == '*' &&
        slice_eq_nocase(slice_of(range->type.data, major), slice_of(name->type.data, major));
    return of_any_subtype ? ANY_SUBTYPE : NOT_AT_ALL;
}

static void note(struct wish *wish, enum specificity specificity, const struct range *range,
                 unsigned position)
{
    if (specificity > wish->specificity)
        *wish = (struct wish){specificity, range->quality, position};
}

static void weigh(const struct range *range, unsigned position, struct wish wishes[FORMAT_COUNT])
{
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        enum specificity specificity = match(range, &names[i]);
        if (specificity != EXACT || !range->stripped)
            note(&wishes[names[i].plain], specificity, range, position);
        if (specificity != EXACT || range->stripped)
            note(&wishes[names[i].stripped], specificity, range, position);
    }
}

/* Returns how many ranges there were, sound or not. */
static unsigned read_header(const struct http_head *head, struct wish wishes[FORMAT_COUNT])
{
    unsigned field = 0, count = 0;
    struct slice value, item;
    while (http_head_next(head, HTTP_ACCEPT, &field, &value))
        while (http_list_next(&value, &item)) {
            struct range range;
            if (read_range(item, &range))
                weigh(&range, count, wishes);
            count++;
        }
    return count;
}

static bool is_better(const struct wish *a, const struct wish *b)
{
    return a->quality > b->quality || (a->quality == b->quality && a->position < b->position);
}

static enum format choose(const struct wish wishes[FORMAT_COUNT], unsigned offered)
{
    enum format best = FORMAT_COUNT;
    for (enum format format = 0; format < FORMAT_COUNT; format++) {
        if (!(offered & FORMAT_BIT(format)) || wishes[format].quality == 0)
            continue;
        if (best == FORMAT_COUNT || is_better(&wishes[format], &wishes[best]))
            best = format;
    }
    return best;
}

static struct slice list_offered(struct arena *arena, unsigned offered)
{
    struct slice list = SLICE("");
    for (enum format format = 0; format < FORMAT_COUNT; format++)
        if (offered & FORMAT_BIT(format))
            list = arena_format(arena, SLICE_FMT "%s`" SLICE_FMT "`", SLICE_ARG(list), list.len ? ", " : "",
                                SLICE_ARG(types[format]));
    return list;
}

enum error accept_choose(const struct http_head *head, unsigned offered, struct arena *arena,
                         enum format *ret_format, struct problem *ret_problem)
{
    PRE(offered & FORMAT_BIT(FORMAT_JSON));
    struct wish wishes[FORMAT_COUNT] = {{0}};
    enum format format = FORMAT_JSON;
    if (head->first[HTTP_ACCEPT] && read_header(head, wishes) > 0)
        format = choose(wishes, offered);
    if (format < FORMAT_COUNT) {
        *ret_format = format;
        return OK;
    }
    struct slice asked = http_head_get(head, HTTP_ACCEPT);
    asked.len = asked.len < PROBLEM_VALUE_MAX ? asked.len : PROBLEM_VALUE_MAX;
    *ret_problem =
        (struct problem){.status = 406,
                         .code = SLICE("not-acceptable"),
                         .pg_code = SLICE("PGRST107"),
                         .detail = SLICE("This cannot be given in any form that the Accept header asks for."),
                         .hint = arena_format(arena, "It can be given as " SLICE_FMT ".",
                                              SLICE_ARG(list_offered(arena, offered))),
                         .place = SLICE("Accept"),
                         .value = arena_copy(arena, asked)};
    return ERR_PROBLEM;
}
