/* SPDX-License-Identifier: Apache-2.0 */
/* A doubly linked ring whose links lie inside the things linked. The head is a link of its own.
 * A link that is in no list points to itself (after list_init) and may be removed again without harm.
 * Pure; the owner of the list locks. */
#ifndef LEAT_BASE_LIST_H
#define LEAT_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *link)
{
    link->next = link->prev = link;
}

static inline bool list_empty(const struct list *head)
{
    return head->next == head;
}

static inline void list_insert_before(struct list *at, struct list *link)
{
    link->prev = at->prev;
    link->next = at;
    at->prev->next = link;
    at->prev = link;
}

static inline void list_push(struct list *head, struct list *link) /* at the end */
{
    list_insert_before(head, link);
}

static inline void list_unshift(struct list *head, struct list *link) /* at the front */
{
    list_insert_before(head->next, link);
}

static inline void list_remove(struct list *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    list_init(link);
}

/* Takes off and returns the first link, or NULL. */
static inline struct list *list_shift(struct list *head)
{
    struct list *first = head->next;
    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Moves all of `from` to the end of `to`; `from` is empty afterwards. */
static inline void list_move_all(struct list *to, struct list *from)
{
    if (list_empty(from))
        return;
    from->next->prev = to->prev;
    to->prev->next = from->next;
    from->prev->next = to;
    to->prev = from->prev;
    list_init(from);
}

#define LIST_EACH(head, link) for (struct list *link = (head)->next; link != (head); link = link->next)
/* The body may remove (and free) the current link. */
#define LIST_EACH_SAFE(head, link, after) \
    for (struct list *link = (head)->next, *after = link->next; link != (head); \
         link = after, after = link->next)

#endif
