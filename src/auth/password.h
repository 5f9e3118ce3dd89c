/* SPDX-License-Identifier: Apache-2.0 */
/* Passwords: hashed by argon2id with 19 MiB and two passes (OWASP's first choice), verified against that, against other
 * parameters of argon2id and argon2i, and against what applications have used before: bcrypt ($2a$, $2b$, $2y$) and
 * scrypt ($7$). Each takes tens of milliseconds on purpose: call them on the offload pool.
 *
 * A stored hash says what verifying it costs: one that asks for more than PASSWORD_MEMORY_MAX, or about a second (bcrypt: a cost above 14), is not
 * verified: the stop of the process waits for it. A password has at most PASSWORD_BYTES_MAX bytes and no NUL, which crypt(3) could not see; of bcrypt only the
 * first 72 bytes count. Any thread. */
#ifndef LEAT_AUTH_PASSWORD_H
#define LEAT_AUTH_PASSWORD_H

#include "base/error.h"
#include "base/slice.h"

enum { PASSWORD_BYTES_MAX = 511, PASSWORD_HASH_BYTES_MAX = 256, PASSWORD_MEMORY_MAX = 256 << 20 };

enum password_result {
    PASSWORD_RIGHT,
    PASSWORD_RIGHT_OLD, /* and the hash is of another kind than we make: hash it anew */
    PASSWORD_WRONG,
    PASSWORD_UNKNOWN /* the stored hash is of no kind that is known, or costs too much */
};

/* Whether a client may send this as one. */
bool password_is_possible(struct slice password);

enum password_result password_verify(struct slice hash, struct slice password);

/* A new hash, NUL-terminated. ERR_MEMORY. */
enum error password_hash(struct slice password, char ret_hash[PASSWORD_HASH_BYTES_MAX]) must_check;

/* A hash of no password of the kind we make: verifying against it costs what verifying a user's does. */
struct slice password_decoy(void);

#endif
