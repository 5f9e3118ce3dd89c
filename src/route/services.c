/* SPDX-License-Identifier: Apache-2.0 */
/* Prefixes of services against paths: services.h says what is compared, and what is refused. */
#include "route/services.h"

#include "http/path.h"

#define BIT(method) (1u << HTTP_##method)
#define READING (BIT(GET) | BIT(HEAD) | BIT(OPTIONS))

unsigned services_methods(const struct config *config, const struct config_upstream *upstream)
{
    unsigned methods = upstream->methods;
    if (upstream->read == ROLES_NONE)
        methods &= ~READING;
    if (upstream->write == ROLES_NONE)
        methods &= READING;
    return config->cors_count ? methods & ~BIT(OPTIONS) : methods;
}

/* Whether the path lies at or, of a prefix, under this one; *ret_count: how many segments that has. */
static bool lies_at(const struct http_path *parts, const struct config_upstream *upstream,
                    unsigned *ret_count)
{
    unsigned count = 0;
    for (struct slice rest = slice_skip(upstream->path.text, 1); rest.len;) {
        struct slice segment = slice_cut(&rest, '/');
        if (count == parts->count || !slice_eq(parts->segments[count], segment))
            return false;
        count++;
    }
    *ret_count = count;
    if (!upstream->is_prefix)
        return count == parts->count && !parts->trailing_slash;
    return count < parts->count || parts->trailing_slash || count == 0;
}

/* What stands behind so many segments and the slash after them. */
static struct slice behind(struct slice path, unsigned segments)
{
    struct slice rest = slice_skip(path, 1);
    while (segments--)
        (void)slice_cut(&rest, '/');
    return rest.data ? rest : SLICE("");
}

static const char *why_refused(const struct http_path *parts)
{
    for (unsigned i = 0; i < parts->count; i++)
        for (size_t at = 0; at < parts->segments[i].len; at++) {
            unsigned char c = (unsigned char)parts->segments[i].data[at];
            if (c == '/' || c == '\\' || c < 0x20 || c == 0x7f)
                return "an escaped slash, backslash or control character";
        }
    return NULL;
}

/* One that nobody may use takes part: what it closes, no shorter prefix opens. */
static const struct config_upstream *longest(const struct config *config, const struct http_path *parts,
                                             unsigned *ret_segments)
{
    const struct config_upstream *best = NULL;
    unsigned segments;
    for (unsigned i = 0; i < config->upstream_count; i++) {
        const struct config_upstream *upstream = &config->upstreams[i];
        bool longer = !best || best->path.text.len < upstream->path.text.len;
        if (!longer || !lies_at(parts, upstream, &segments))
            continue;
        best = upstream;
        *ret_segments = segments;
    }
    return best;
}

enum error services_match(const struct config *config, const struct http_head *head, struct arena *arena,
                          struct route *ret_route, const char **ret_why)
{
    struct http_path parts;
    unsigned segments;
    if (config->upstream_count == 0 || head->path.data[0] != '/')
        return ERR_ABSENT;
    const char *why = http_path_split(head->path, arena_alloc(arena, head->path.len), &parts);
    const struct config_upstream *upstream = why ? NULL : longest(config, &parts, &segments);
    if (!upstream || services_methods(config, upstream) == 0)
        return ERR_ABSENT; /* what is malformed is told by who asks */
    *ret_why = why_refused(&parts);
    if (*ret_why)
        return ERR_INVALID;
    *ret_route = (struct route){.kind = ROUTE_UPSTREAM,
                                .upstream = upstream,
                                .rest = behind(head->path, segments),
                                .manner = ret_route->manner};
    return OK;
}
