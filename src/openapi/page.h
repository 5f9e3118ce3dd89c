/* SPDX-License-Identifier: Apache-2.0 */
/* The page that shows the document: the files of web/docs, which tools/embed puts into the program. Constant: any thread. */
#ifndef LEAT_OPENAPI_PAGE_H
#define LEAT_OPENAPI_PAGE_H

#include "base/slice.h"

struct page_file {
    struct slice name; /* "page.js"; of the page itself: empty */
    struct slice type; /* Content-Type */
    const struct slice *bytes;
};

/* NULL: there is none of that name. */
const struct page_file *page_find(struct slice name);

#endif
