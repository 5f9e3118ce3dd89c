/* SPDX-License-Identifier: Apache-2.0 */
/* From the configuration to keys and tables. */
#include "auth/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "auth/jwks.h"
#include "base/buf.h"
#include "base/mem.h"

struct jwt_issuer trust_own_issuer(void)
{
    return (struct jwt_issuer){.issuer = SLICE("leat"),
                               .audience = SLICE("leat"),
                               .user = SLICE("sub"),
                               .tenant = SLICE("tenant"),
                               .role = SLICE("role")};
}

/* `leat check` shows a secret so: who serves what it printed would share it with everybody. */
static bool is_masked(struct slice secret)
{
    size_t stars = 0;
    while (stars < secret.len && secret.data[stars] == '*')
        stars++;
    return stars == secret.len;
}

static enum error take_secret(const struct word *secret, struct complaints *complaints,
                              struct jwt_keys *ret_keys)
{
    if (is_masked(secret->text)) {
        complain(complaints, secret->at, "`secret`: this is how a secret is shown, not one");
        return ERR_INVALID;
    }
    jwt_keys_of_secret(secret->text, ret_keys);
    return OK;
}

/* NULL, or why not. */
static const char *read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        char *to = buf_room(out, 4096);
        got = to ? read(fd, to, 4096) : 0;
        out->len += got > 0 ? (size_t)got : 0;
    }
    const char *why = got < 0 ? strerror(errno) : out->failed ? "it is larger than 256 KiB" : NULL;
    if (fd >= 0)
        close(fd);
    return why;
}

static enum error read_keys(const struct config_foreign *foreign, struct complaints *complaints,
                            struct jwt_keys *ret_keys)
{
    struct arena arena;
    struct buf json;
    arena_init(&arena, 512);
    buf_init(&json, JWKS_BYTES_MAX + 4096);
    const char *path = arena_copy(&arena, foreign->jwks.text).data;
    const char *why = read_file(path, &json);
    if (!why && jwks_read(buf_slice(&json), foreign->alg, ret_keys, &why) == OK)
        why = NULL;
    if (why)
        complain(complaints, foreign->jwks.at, "`jwks`: %s: %s", path, why);
    buf_done(&json);
    arena_done(&arena);
    return why ? ERR_INVALID : OK;
}

static enum error take_foreign(const struct config_foreign *foreign, struct complaints *complaints,
                               struct jwt_issuer *issuer)
{
    *issuer = (struct jwt_issuer){.issuer = foreign->issuer.text,
                                  .audience = foreign->audience.text,
                                  .user = foreign->claims.user.text,
                                  .tenant = foreign->claims.tenant.text,
                                  .role = foreign->claims.role.text};
    if (foreign->secret.text.data)
        return take_secret(&foreign->secret, complaints, &issuer->keys);
    return read_keys(foreign, complaints, &issuer->keys);
}

static enum error fill(struct trust *trust, const struct model *model, struct complaints *complaints)
{
    const struct config_auth *auth = &model->config->auth;
    enum error error = OK;
    trust->own = trust_own_issuer();
    trust->secret_is_auto = slice_eq(auth->secret.text, SLICE("auto"));
    if (!trust->secret_is_auto)
        error = take_secret(&auth->secret, complaints, &trust->own.keys);
    trust->foreign = ARENA_ARRAY(&trust->arena, struct jwt_issuer, auth->foreign_count + 1);
    for (unsigned i = 0; i < auth->foreign_count && !error; i++)
        error = take_foreign(&auth->foreign[i], complaints, &trust->foreign[trust->foreign_count++]);
    if (!error && auth->login.table.text.data)
        error = accounts_find_table(model, &trust->arena, complaints, &trust->accounts);
    return error;
}

enum error trust_new(const struct model *model, struct complaints *complaints, struct trust **ret_trust)
{
    struct trust *trust = mem_must(sizeof *trust);
    arena_init(&trust->arena, 2048);
    enum error error = fill(trust, model, complaints);
    if (error)
        trust_free(trust);
    else
        *ret_trust = trust;
    return error;
}

void trust_free(struct trust *trust)
{
    if (!trust)
        return;
    jwt_keys_done(&trust->own.keys);
    for (unsigned i = 0; i < trust->foreign_count; i++)
        jwt_keys_done(&trust->foreign[i].keys);
    arena_done(&trust->arena);
    mem_free(trust);
}
