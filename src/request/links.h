/* SPDX-License-Identifier: Apache-2.0 */
/* The Link header of a page. */
#ifndef LEAT_REQUEST_LINKS_H
#define LEAT_REQUEST_LINKS_H

#include "request/request.h"

/* `<?status=eq.open&cursor=…>; rel="next", …` in the request's arena; empty when there is nothing to link to. */
struct slice links_write(struct request *request, const struct page_facts *facts);

#endif
