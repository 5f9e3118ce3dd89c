/* SPDX-License-Identifier: Apache-2.0 */
/* Each item of the header gives a coding its quality; `*` gives it to those that were not named. See coding.h. */
#include "respond/coding.h"

#include "base/check.h"
#include "respond/quality.h"

/* Not named yet. */
enum { UNSAID = -1 };

struct wishes {
    int of[CODING_COUNT]; /* in thousandths */
    int rest;             /* of `*` */
};

static void note(struct wishes *wishes, struct slice name, int quality)
{
    static const struct {
        struct slice name;
        enum coding coding;
    } names[] = {
        {SLICE_INIT("identity"), CODING_IDENTITY},
        {SLICE_INIT("gzip"), CODING_GZIP},
        {SLICE_INIT("x-gzip"), CODING_GZIP}, /* the same: RFC 9110 section 8.4.1.3 */
        {SLICE_INIT("br"), CODING_BROTLI},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_eq_nocase(name, names[i].name))
            wishes->of[names[i].coding] = quality;
    if (slice_eq(name, SLICE("*")))
        wishes->rest = quality;
}

/* "gzip;q=0.5". What is malformed is as if it were not there. */
static void read_item(struct wishes *wishes, struct slice item)
{
    struct slice name = slice_trim(slice_cut(&item, ';'));
    unsigned quality = QUALITY_ONE;
    bool weighed = item.data != NULL;
    struct slice letter = slice_trim(slice_cut(&item, '='));
    if (!weighed || (slice_eq_nocase(letter, SLICE("q")) && quality_read(slice_trim(item), &quality)))
        note(wishes, name, (int)quality);
}

static void read_header(const struct http_head *head, struct wishes *wishes)
{
    unsigned field = 0;
    struct slice value, item;
    while (http_head_next(head, HTTP_ACCEPT_ENCODING, &field, &value))
        while (http_list_next(&value, &item))
            read_item(wishes, item);
}

/* What was not named is worth what `*` says, and nothing without it; identity, then, is only what is left. */
static int worth(const struct wishes *wishes, enum coding coding)
{
    if (wishes->of[coding] != UNSAID)
        return wishes->of[coding];
    return wishes->rest == UNSAID ? 0 : wishes->rest;
}

struct coding_wish coding_choose(const struct http_head *head, unsigned offered)
{
    struct wishes wishes = {.of = {UNSAID, UNSAID, UNSAID}, .rest = UNSAID};
    if (!head || !head->first[HTTP_ACCEPT_ENCODING])
        return (struct coding_wish){.coding = CODING_IDENTITY};
    read_header(head, &wishes);
    struct coding_wish best = {.coding = CODING_IDENTITY};
    int best_worth = worth(&wishes, CODING_IDENTITY);
    bool refused = best_worth == 0 && (wishes.of[CODING_IDENTITY] == 0 || wishes.rest == 0);
    for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++)
        if (offered & CODING_BIT(coding) && worth(&wishes, coding) > 0 &&
            worth(&wishes, coding) >= best_worth) {
            best = (struct coding_wish){.coding = coding, .insists = refused};
            best_worth = worth(&wishes, coding);
        }
    return best;
}

bool coding_is_worth(struct slice type)
{
    static const struct slice exact[] = {
        SLICE_INIT("application/json"),
        SLICE_INIT("application/x-ndjson"),
        SLICE_INIT("application/javascript"),
        SLICE_INIT("application/xml"),
        SLICE_INIT("application/x-www-form-urlencoded"),
    };
    struct slice name = slice_trim(slice_cut(&type, ';'));
    for (size_t i = 0; i < ARRAY_LEN(exact); i++)
        if (slice_eq_nocase(name, exact[i]))
            return true;
    return slice_starts(name, SLICE("text/")) || slice_ends(name, SLICE("+json")) ||
           slice_ends(name, SLICE("+xml"));
}
