/* SPDX-License-Identifier: Apache-2.0 */
/* Random names of 64 bits: of instances, generations and leases. Two of them are equal by chance once in 2^32 billion. Any thread. */
#ifndef LEAT_REDIS_TOKEN_H
#define LEAT_REDIS_TOKEN_H

enum { REDIS_TOKEN_LEN = 16 };

/* Hexadecimal, and a NUL. */
void redis_token_make(char ret_token[REDIS_TOKEN_LEN + 1]);

#endif
