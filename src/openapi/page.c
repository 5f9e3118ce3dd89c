/* SPDX-License-Identifier: Apache-2.0 */
/* See page.h. */
#include "openapi/page.h"

#include "base/check.h"

#define SCRIPT SLICE_INIT("text/javascript; charset=utf-8")

extern const struct slice page_html, page_css, icon_svg, page_js, dom_js, json_js, model_js, schema_js,
    try_js;

static const struct page_file files[] = {
    {SLICE_INIT(""), SLICE_INIT("text/html; charset=utf-8"), &page_html},
    {SLICE_INIT("page.css"), SLICE_INIT("text/css; charset=utf-8"), &page_css},
    {SLICE_INIT("icon.svg"), SLICE_INIT("image/svg+xml"), &icon_svg},
    {SLICE_INIT("page.js"), SCRIPT, &page_js},
    {SLICE_INIT("dom.js"), SCRIPT, &dom_js},
    {SLICE_INIT("json.js"), SCRIPT, &json_js},
    {SLICE_INIT("model.js"), SCRIPT, &model_js},
    {SLICE_INIT("schema.js"), SCRIPT, &schema_js},
    {SLICE_INIT("try.js"), SCRIPT, &try_js},
};

const struct page_file *page_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(files); i++)
        if (slice_eq(files[i].name, name))
            return &files[i];
    return NULL;
}
