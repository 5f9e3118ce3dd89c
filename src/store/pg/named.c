/* SPDX-License-Identifier: Apache-2.0 */
/* What is prepared on one connection. See named.h. */
#include "store/pg/named.h"

#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"

void pg_named_init(struct named *named)
{
    *named = (struct named){0};
    list_init(&named->recent);
}

void pg_named_done(struct named *named)
{
    for (struct list *link; (link = named->recent.next) != &named->recent;)
        pg_named_forget(named, container_of(link, struct named_text, recent));
    POST(named->count == 0);
    map_done(&named->by_text);
}

static void use(struct named *named, struct named_text *text)
{
    list_remove(&text->recent);
    list_push(&named->recent, &text->recent);
}

struct named_text *pg_named_find(struct named *named, struct slice text)
{
    struct named_text *found = map_get(&named->by_text, text);
    if (found != NULL)
        use(named, found);
    return found;
}

void pg_named_forget(struct named *named, struct named_text *text)
{
    PRE(map_get(&named->by_text, text->text) == text);
    map_remove(&named->by_text, text->text);
    list_remove(&text->recent);
    named->count--;
    mem_free((char *)text->text.data);
    mem_free(text);
}

void pg_named_drop(struct named *named, struct named_text *text)
{
    PRE(text->ready && named->dropped == 0);
    named->dropped = text->number;
    pg_named_forget(named, text);
}

uint32_t pg_named_take_dropped(struct named *named)
{
    uint32_t number = named->dropped;
    named->dropped = 0;
    return number;
}

struct named_text *pg_named_add(struct named *named, struct slice text)
{
    PRE(text.len <= NAMED_TEXT_BYTES_MAX && map_get(&named->by_text, text) == NULL);
    if (named->count >= NAMED_MAX)
        pg_named_drop(named, container_of(named->recent.next, struct named_text, recent));
    struct named_text *added = mem_must(sizeof *added);
    added->text = slice_of(mem_dup(text.data, text.len), text.len);
    added->number = ++named->last_number;
    list_init(&added->recent);
    list_push(&named->recent, &added->recent);
    map_put(&named->by_text, added->text, added);
    named->count++;
    return added;
}

void pg_named_name(uint32_t number, char ret_name[NAME_BYTES_MAX])
{
    snprintf(ret_name, NAME_BYTES_MAX, "w%u", number);
}
