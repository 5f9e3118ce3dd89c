/* SPDX-License-Identifier: Apache-2.0 */
/* Whole paths that other services answer: which methods the caller may send. What they take and answer only the services know, and what
 * lies under a prefix, too: prefixes are not told. */
#include "openapi/doc.h"

#define BIT(method) (1u << HTTP_##method)

/* HEAD and OPTIONS follow from GET. */
static const struct {
    unsigned bit;
    const char *name;
    bool reads;
} methods[] = {{BIT(GET), "get", true},
               {BIT(POST), "post", false},
               {BIT(PUT), "put", false},
               {BIT(PATCH), "patch", false},
               {BIT(DELETE), "delete", false}};

static bool may_send(const struct doc *doc, const struct config_upstream *upstream, unsigned at)
{
    unsigned roles = methods[at].reads ? upstream->read : upstream->write;
    return (roles & doc->roles) && (upstream->methods & methods[at].bit);
}

bool upstream_may_see(const struct doc *doc, const struct config_upstream *upstream)
{
    for (unsigned i = 0; !upstream->is_prefix && i < ARRAY_LEN(methods); i++)
        if (may_send(doc, upstream, i))
            return true;
    return false;
}

void upstream_path(struct doc *doc, const struct config_upstream *upstream)
{
    PRE(upstream_may_see(doc, upstream));
    const struct serve_prefix root = {.manner = MANNER_PLAIN};
    const struct doc_prefix prefix = {.serve = &root, .first = true};
    doc_open_name(doc, upstream->path.text, '{');
    for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
        if (!may_send(doc, upstream, i))
            continue;
        operation_begin(doc, &prefix, methods[i].name, methods[i].name, slice_skip(upstream->path.text, 1),
                        SLICE("services"));
        doc_text(doc, "summary", SLICE("Answered by another service"));
        if (!methods[i].reads)
            doc_raw(doc, "requestBody", SLICE("{\"content\":{\"*/*\":{}}}"));
        doc_open(doc, "responses", '{');
        doc_raw(doc, "2XX",
                SLICE("{\"description\":\"What the service answers.\",\"content\":{\"*/*\":{}}}"));
        doc_ref(doc, "5XX", "responses/plain.", (struct slice){0}, "failed");
        doc_close(doc, '}');
        doc_close(doc, '}');
    }
    doc_close(doc, '}');
}
