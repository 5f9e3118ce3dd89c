/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions that stay on in release. An assertion that fails is a bug of ours, never of a client, a file, a network or
 * a database: those are error values. A failed one prints the place and aborts, so that the supervisor restarts us. */
#ifndef LEAT_BASE_CHECK_H
#define LEAT_BASE_CHECK_H

#include <stddef.h>

#define must_check __attribute__((warn_unused_result))
#define printf_like(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

void check_failed(const char *kind, const char *what, const char *file, int line)
    __attribute__((noreturn, cold));

/* What must hold on entry, and what must hold on leaving. One condition each. */
#define PRE(condition) ((condition) ? (void)0 : check_failed("precondition", #condition, __FILE__, __LINE__))
#define POST(condition) \
    ((condition) ? (void)0 : check_failed("postcondition", #condition, __FILE__, __LINE__))
/* Where `a` holds, `b` must. */
#define IMPLIES(a, b) (!(a) || (b) ? (void)0 : check_failed("implication", #a " => " #b, __FILE__, __LINE__))
#define UNREACHABLE(why) check_failed("unreachable", why, __FILE__, __LINE__)
/* A long-lived struct begins with `uint32_t magic`; this checks that a pointer is really one of them. */
#define CHECK_MAGIC(object, number) PRE((object) != 0 && (object)->magic == (number))

/* The struct that holds `member` at `pointer`. */
#define container_of(pointer, type, member) \
    ((type *)(void *)&((char *)(pointer))[-(long)offsetof(type, member)])
#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#endif
