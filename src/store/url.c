/* SPDX-License-Identifier: Apache-2.0 */
/* What Leat itself reads of a database URL: whose it is, and how it may be shown. The rest is the driver's. Pure. */
#include "store/store.h"

bool store_url_dialect(struct slice url, enum dialect *ret_dialect)
{
    static const struct {
        struct slice prefix;
        enum dialect dialect;
    } known[] = {
        {SLICE_INIT("sqlite:"), DIALECT_SQLITE},
        {SLICE_INIT("postgresql://"), DIALECT_PG},
        {SLICE_INIT("postgres://"), DIALECT_PG},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (slice_starts(url, known[i].prefix)) {
            *ret_dialect = known[i].dialect;
            return true;
        }
    return false;
}

/* The part between the ':' of user:password and the last '@' of the authority; empty when there is none. */
static struct slice userinfo_password(struct slice url)
{
    static const struct slice mark = SLICE_INIT("://");
    const char *begin = memmem(url.data, url.len, mark.data, mark.len);
    if (begin == NULL)
        return (struct slice){0};
    struct slice rest = slice_skip(url, (size_t)(begin - url.data) + mark.len);
    rest.len = slice_find(rest, '/');
    rest.len = slice_find(rest, '?');
    const char *at = rest.len > 0 ? memrchr(rest.data, '@', rest.len) : NULL;
    if (at == NULL)
        return (struct slice){0};
    struct slice user = {rest.data, (size_t)(at - rest.data)};
    return slice_skip(user, slice_find(user, ':') + 1);
}

/* The value of ?password= or &password=. */
static struct slice parameter_password(struct slice url)
{
    static const struct slice name = SLICE_INIT("password=");
    struct slice rest = slice_skip(url, slice_find(url, '?') + 1);
    while (rest.len > 0) {
        struct slice pair = slice_cut(&rest, '&');
        if (slice_starts(pair, name))
            return slice_skip(pair, name.len);
    }
    return (struct slice){0};
}

struct slice store_url_masked(struct arena *arena, struct slice url)
{
    struct slice secret = userinfo_password(url);
    if (secret.len == 0)
        secret = parameter_password(url);
    if (secret.len == 0)
        return url;
    size_t before = (size_t)(secret.data - url.data);
    struct slice after = slice_skip(url, before + secret.len);
    return arena_format(arena, SLICE_FMT "***" SLICE_FMT, (int)before, url.data, SLICE_ARG(after));
}
