/* SPDX-License-Identifier: Apache-2.0 */
/* Spelling help. Optimal string alignment: the fewest insertions, deletions, replacements and swaps of neighbours that
 * turn one word into the other, no piece edited twice. Words are of names, so bytes are compared, ASCII case ignored. */
#include "base/nearest.h"

#include "base/check.h"

enum { WORD_MAX = 64 };

struct nearest nearest_begin(struct slice typed)
{
    return (struct nearest){.typed = typed};
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static bool same(char a, char b)
{
    return slice_eq_nocase(slice_of(&a, 1), slice_of(&b, 1));
}

/* One row of the table: distances from a's first i letters to every prefix of b. `rows` are those of i, i - 1, i - 2. */
static void fill_row(unsigned *const rows[3], struct slice a, size_t i, struct slice b)
{
    rows[0][0] = (unsigned)i;
    for (size_t j = 1; j <= b.len; j++) {
        bool equal = same(a.data[i - 1], b.data[j - 1]);
        unsigned cost = rows[1][j - 1] + !equal;
        cost = least(cost, least(rows[1][j], rows[0][j - 1]) + 1);
        if (i > 1 && j > 1 && same(a.data[i - 1], b.data[j - 2]) && same(a.data[i - 2], b.data[j - 1]))
            cost = least(cost, rows[2][j - 2] + 1);
        rows[0][j] = cost;
    }
}

static unsigned distance_between(struct slice a, struct slice b)
{
    PRE(a.len <= WORD_MAX && b.len <= WORD_MAX);
    unsigned table[3][WORD_MAX + 1] = {{0}};
    for (size_t j = 0; j <= b.len; j++)
        table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a.len; i++) {
        unsigned *rows[3] = {table[i % 3], table[(i + 2) % 3], table[(i + 1) % 3]};
        fill_row(rows, a, i, b);
    }
    return table[a.len % 3][b.len];
}

/* The greatest distance that still counts as a slip of the finger. */
static unsigned distance_max(size_t letters)
{
    unsigned allowed = letters <= 3 ? 1 : letters <= 6 ? 2 : 3;
    return letters <= allowed ? (unsigned)letters - (letters > 0) : allowed;
}

void nearest_offer(struct nearest *nearest, struct slice word)
{
    PRE(word.data);
    size_t typed = nearest->typed.len, apart = typed > word.len ? typed - word.len : word.len - typed;
    if (typed > WORD_MAX || word.len > WORD_MAX || apart > distance_max(typed))
        return; /* most words are too long or too short to be near: that is seen without the table */
    unsigned distance = distance_between(nearest->typed, word);
    bool nearer = !nearest->best.data || distance < nearest->distance;
    if (nearer && distance <= distance_max(typed)) {
        nearest->best = word;
        nearest->distance = distance;
    }
}
