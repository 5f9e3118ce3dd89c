/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the head's parser, for head.c alone: what each line says, and what all of them together must keep.
 * Each returns false after http_refuse. Pure. */
#ifndef LEAT_HTTP_RULES_H
#define LEAT_HTTP_RULES_H

#include "http/head.h"

/* Notes why the head is refused; always false, for `return http_refuse(…)`. */
static inline bool http_refuse(struct http_head *head, unsigned status, const char *reason)
{
    head->fault = (struct http_fault){status, reason};
    return false;
}

/* Method, target, version. The line has no CR LF, but a CR stands behind it. */
bool http_take_request_line(struct http_head *head, struct slice line) must_check;

/* After the last line: Host, framing, Connection, Expect. */
bool http_apply_rules(struct http_head *head, const struct http_limits *limits) must_check;

/* host [":" port]; the host a name, an IPv4 address or an IPv6 address in brackets; not empty. */
bool http_authority_valid(struct slice authority);

#endif
