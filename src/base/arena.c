/* SPDX-License-Identifier: Apache-2.0 */
/* Arenas: a chain of chunks, the newest is filled from its start to its end.
 *
 *   chunk ──► older ──► first ──► NULL        each: [struct arena_chunk | handed out | next … end free]
 *
 * Why a reserve: a request that runs out of memory must still be able to finish the step it is in and to answer. Its
 * steps need not check each allocation; the driver looks at `failed` between steps.
 * Under AddressSanitizer free space is poisoned and things lie 16 bytes apart, so that running over an end, and using
 * what a reset took back, is seen as it would be with malloc. */
#include "base/arena.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/mem.h"

enum { ALIGN = 16, RESERVE_PIECES = 8, RESERVE_PIECE_BYTES = 256 * 1024 };

#if defined(__SANITIZE_ADDRESS__)
enum { GAP = ALIGN };
#else
enum { GAP = 0 };
#endif

struct arena_chunk {
    struct arena_chunk *older;
    char *end;
    int reserve_piece; /* which piece of the reserve it is; -1: memory of its own */
} __attribute__((aligned(ALIGN)));

/* The process's reserve. A mutable global, because memory is the process's: a piece belongs to the one arena that set
 * its flag in `taken`. */
static char reserve[RESERVE_PIECES][RESERVE_PIECE_BYTES] __attribute__((aligned(ALIGN)));
static atomic_flag taken[RESERVE_PIECES];

static struct arena_chunk *reserve_take(void)
{
    for (int piece = 0; piece < RESERVE_PIECES; piece++) {
        if (atomic_flag_test_and_set(&taken[piece]))
            continue;
        struct arena_chunk *chunk = (struct arena_chunk *)(void *)reserve[piece];
        chunk->reserve_piece = piece;
        chunk->end = reserve[piece] + RESERVE_PIECE_BYTES;
        return chunk;
    }
    check_failed("allocation", "out of memory, and out of the reserve", __FILE__, __LINE__);
}

static struct arena_chunk *chunk_new(struct arena *arena, size_t bytes)
{
    struct arena_chunk *chunk = mem_resize(NULL, bytes);
    if (chunk) {
        chunk->reserve_piece = -1;
        chunk->end = (char *)chunk + bytes;
        return chunk;
    }
    arena->failed = true;
    if (bytes > RESERVE_PIECE_BYTES)
        check_failed("allocation", "out of memory, and the reserve is too small", __FILE__, __LINE__);
    return reserve_take();
}

static void chunk_free(struct arena_chunk *chunk)
{
    ASAN_UNPOISON_MEMORY_REGION(chunk, (size_t)(chunk->end - (char *)chunk));
    if (chunk->reserve_piece < 0)
        mem_free(chunk);
    else
        atomic_flag_clear(&taken[chunk->reserve_piece]);
}

/* All of the chunk is free from here on. */
static void chunk_open(struct arena *arena, struct arena_chunk *chunk)
{
    arena->chunk = chunk;
    arena->next = (char *)(chunk + 1);
    arena->end = chunk->end;
    ASAN_POISON_MEMORY_REGION(arena->next, (size_t)(arena->end - arena->next));
}

void arena_init(struct arena *arena, size_t chunk_bytes)
{
    PRE(chunk_bytes > 0);
    *arena = (struct arena){.chunk_bytes = chunk_bytes};
}

static void add_chunk(struct arena *arena, size_t size)
{
    size_t bytes = sizeof(struct arena_chunk) + size;
    struct arena_chunk *chunk = chunk_new(arena, bytes > arena->chunk_bytes ? bytes : arena->chunk_bytes);
    chunk->older = arena->chunk;
    chunk_open(arena, chunk);
}

void *arena_alloc(struct arena *arena, size_t size)
{
    PRE(size < SIZE_MAX / 4);
    size_t step = ((size + !size + ALIGN - 1) & ~(size_t)(ALIGN - 1)) + GAP;
    if (step > (size_t)(arena->end - arena->next))
        add_chunk(arena, step);
    char *memory = arena->next;
    arena->next += step;
    arena->used_bytes += step;
    ASAN_UNPOISON_MEMORY_REGION(memory, size);
    return memory;
}

void *arena_zero(struct arena *arena, size_t size)
{
    return memset(arena_alloc(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t size, size_t count)
{
    size_t bytes = 0;
    bool overflow = __builtin_mul_overflow(size, count, &bytes);
    PRE(!overflow);
    return arena_zero(arena, bytes);
}

struct slice arena_copy(struct arena *arena, struct slice bytes)
{
    char *copy = arena_alloc(arena, bytes.len + 1);
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return slice_of(copy, bytes.len);
}

struct slice arena_format(struct arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    POST(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    va_end(args);
    return slice_of(text, (size_t)len);
}

/* Frees all chunks but the first; returns that one, or NULL. */
static struct arena_chunk *free_newer(struct arena_chunk *chunk)
{
    while (chunk && chunk->older) {
        struct arena_chunk *older = chunk->older;
        chunk_free(chunk);
        chunk = older;
    }
    return chunk;
}

void arena_reset(struct arena *arena)
{
    struct arena_chunk *first = free_newer(arena->chunk);
    *arena = (struct arena){.chunk_bytes = arena->chunk_bytes};
    if (!first)
        return;
    bool usual = (size_t)(first->end - (char *)first) == arena->chunk_bytes;
    if (usual && first->reserve_piece < 0)
        chunk_open(arena, first);
    else
        chunk_free(first); /* one huge request must not be paid for ever after */
}

void arena_done(struct arena *arena)
{
    struct arena_chunk *first = free_newer(arena->chunk);
    if (first)
        chunk_free(first);
    *arena = (struct arena){.chunk_bytes = arena->chunk_bytes};
}

void *arena_grow(struct arena *arena, void *items, size_t size, unsigned count, unsigned *room)
{
    enum { ROOM_MIN = 8 };
    PRE(count <= *room);
    if (count < *room)
        return items;
    *room = *room ? *room * 2 : ROOM_MIN;
    void *grown = arena_array(arena, size, *room);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}
