/* SPDX-License-Identifier: Apache-2.0 */
/* An arena: memory that is freed all at once. A request, a snapshot, a parse has one.
 *
 * Ownership: the arena owns what it hands out until arena_reset or arena_done. One thread at a time.
 * Failure: arena_alloc never returns NULL. When malloc fails it hands out memory of the process's reserve (8 pieces of
 * 256 KiB, untouched until then), sets `failed`, and whoever drives the arena's user checks `failed` after each step
 * and gives up with an honest error; reset and done give the pieces back. When even the reserve is out, or too small
 * for what is asked, the process ends. */
#ifndef LEAT_BASE_ARENA_H
#define LEAT_BASE_ARENA_H

#include "base/slice.h"

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* newest first */
    char *next, *end;          /* free space of the newest chunk */
    size_t chunk_bytes;        /* what a new chunk holds at least */
    size_t used_bytes;         /* handed out since the last reset */
    bool failed;               /* memory ran out since the last reset */
};

/* Empty; takes no memory until the first allocation. */
void arena_init(struct arena *arena, size_t chunk_bytes);

/* Bytes are indeterminate. Aligned to 16. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* The same, zeroed. */
void *arena_zero(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* A copy, followed by a NUL that is not counted. */
struct slice arena_copy(struct arena *arena, struct slice bytes);

/* printf into the arena, NUL-terminated (the NUL is not counted). */
struct slice arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets all it handed out; keeps its first chunk, if of the usual size, for the next round. */
void arena_reset(struct arena *arena);

/* Gives everything back. Takes a zeroed arena. */
void arena_done(struct arena *arena);

/* count × size zeroed bytes; the product must not overflow. */
void *arena_array(struct arena *arena, size_t size, size_t count) __attribute__((returns_nonnull));

/* `count` things of a type, zeroed. */
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), sizeof(type), (size_t)(count)))
#define ARENA_NEW(arena, type) ARENA_ARRAY(arena, type, 1)

/* Room for one more of `count` things: *items and *room as they are, or copied to a place with twice the room. */
#define ARENA_GROW(arena, items, count, room) \
    ((items) = arena_grow((arena), (items), sizeof *(items), (count), &(room)))
void *arena_grow(struct arena *arena, void *items, size_t size, unsigned count, unsigned *room)
    __attribute__((returns_nonnull));

#endif
