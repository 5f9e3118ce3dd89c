/* SPDX-License-Identifier: Apache-2.0 */
/* Members of a record; fields.h. A name that stands twice is found without comparing all pairs: each name sets a bit of 64,
 * and only one whose bit is set already is compared with those before it; long lists go through a map instead. */
#include "decode/fields.h"

#include "base/map.h"
#include "base/mem.h"

/* Beyond it most bits are set. */
#define COMPARED_MAX 48

static bool grow(struct fields *fields)
{
    unsigned room = fields->room > 0 ? fields->room * 2 : 16;
    struct field *list = mem_resize(fields->list, room * sizeof *list);
    if (list == NULL)
        return false;
    fields->list = list;
    fields->room = room;
    return true;
}

enum error fields_add(struct fields *fields, unsigned max, const struct field *field)
{
    PRE(fields->count <= max);
    if (fields->count == max)
        return ERR_LIMIT;
    if (fields->count == fields->room && !grow(fields))
        return ERR_MEMORY;
    fields->list[fields->count++] = *field;
    return OK;
}

static uint64_t bit_of(struct slice name)
{
    unsigned char first = name.len > 0 ? (unsigned char)name.data[0] : 0;
    unsigned char last = name.len > 0 ? (unsigned char)name.data[name.len - 1] : 0;
    return UINT64_C(1) << ((first * 7 + last * 13 + name.len * 29) & 63);
}

static bool stands_before(const struct field *list, const struct field *field)
{
    while (list < field)
        if (slice_eq(list++->name, field->name))
            return true;
    return false;
}

static const struct field *repeated_in_short(const struct fields *fields)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < fields->count; i++) {
        const struct field *field = &fields->list[i];
        uint64_t bit = bit_of(field->name);
        if ((seen & bit) && stands_before(fields->list, field))
            return field;
        seen |= bit;
    }
    return NULL;
}

static const struct field *repeated_in_long(const struct fields *fields)
{
    struct map names = {0};
    struct field *repeated = NULL;
    for (unsigned i = 0; i < fields->count && repeated == NULL; i++) {
        struct field *field = &fields->list[i];
        /* A free entry of a map has a key without data. */
        struct slice name = field->name.len > 0 ? field->name : SLICE("");
        if (map_get(&names, name))
            repeated = field;
        else
            map_put(&names, name, field);
    }
    map_done(&names);
    return repeated;
}

const struct field *fields_repeated(const struct fields *fields)
{
    return fields->count <= COMPARED_MAX ? repeated_in_short(fields) : repeated_in_long(fields);
}

void fields_done(struct fields *fields)
{
    mem_free(fields->list);
    *fields = (struct fields){0};
}
