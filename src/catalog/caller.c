/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes of API keys: a list of `verb:name`, each part of which may be `*`. */
#include "catalog/caller.h"

#include "base/check.h"

static const struct slice verbs[] = {SLICE_INIT("read"), SLICE_INIT("write"), SLICE_INIT("call"),
                                     SLICE_INIT("*")};

bool scope_allows(struct slice scope, struct slice verb, struct slice name)
{
    for (struct slice rest = scope; rest.data;) {
        struct slice of = slice_trim(slice_cut(&rest, ',')), allowed = slice_cut(&of, ':');
        bool this_verb = slice_eq(allowed, verb) || slice_eq(allowed, SLICE("*"));
        if (this_verb && (slice_eq(of, name) || slice_eq(of, SLICE("*"))))
            return true;
    }
    return false;
}

bool scope_is_good(struct slice scope)
{
    for (struct slice rest = scope; rest.data;) {
        struct slice name = slice_trim(slice_cut(&rest, ',')), verb = slice_cut(&name, ':');
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
            known |= slice_eq(verb, verbs[i]);
        if (!known || name.len == 0)
            return false;
    }
    return scope.len > 0;
}
