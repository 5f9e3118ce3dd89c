/* SPDX-License-Identifier: Apache-2.0 */
/* "Did you mean …?": the nearest of some words to a mistyped one, by the restricted Damerau-Levenshtein distance
 * (Boytsov 2011, "optimal string alignment"). Pure; any thread. */
#ifndef LEAT_BASE_NEAREST_H
#define LEAT_BASE_NEAREST_H

#include "base/slice.h"

struct nearest {
    struct slice typed;
    struct slice best; /* data NULL until something is near enough */
    unsigned distance;
};

/* Begins a search; words longer than 64 bytes are never near. */
struct nearest nearest_begin(struct slice typed);

/* Offers a word. Near enough: distance ≤ 1 for up to 3 letters typed, ≤ 2 for up to 6, ≤ 3 beyond, and less than
 * the letters typed; case does not count. Of equally near words the first offered stays. */
void nearest_offer(struct nearest *nearest, struct slice word);

#endif
