/* SPDX-License-Identifier: Apache-2.0 */
/* IDENTIFY: who asks, and from where. Who shows no credential is `anonymous`, which holds what is granted to it and no more.
 * Pure. */
#ifndef LEAT_AUTH_IDENTIFY_H
#define LEAT_AUTH_IDENTIFY_H

#include "catalog/caller.h"
#include "config/config.h"
#include "http/head.h"

#include <sys/socket.h>

/* What a caller has shown: a signed token, the token of a stored session, an API key. */
enum credential { CREDENTIAL_NONE, CREDENTIAL_TOKEN, CREDENTIAL_SESSION, CREDENTIAL_KEY };

enum { TOKEN_ID_LEN = 32 };

struct principal {
    struct caller caller;
    enum credential credential;
    struct slice key_id;             /* of an API key; data NULL else */
    char token_id[TOKEN_ID_LEN + 1]; /* of a token or session: by which it is revoked */
    int64_t expires_s;               /* of the credential, since 1970; 0: never */
    struct in6_addr address;         /* the client's; IPv4 as ::ffff:a.b.c.d */
    bool via_proxy;                  /* a trusted proxy spoke for it: never loopback */
    bool
        loopback; /* spoke to us itself, from this machine and by its name: no header that a proxy adds, no Host that may be
                    * a web page's, which has led a browser of this machine here (DNS rebinding) */
};

/* The client's address is the right-most of X-Forwarded-For that is not one of `proxies`, believed only when the peer itself is
 * one; what is no address ends the walk at the last believable one. */
void identify(const struct config *config, const struct sockaddr_storage *peer, const struct http_head *head,
              struct principal *ret_principal);

/* Sets the caller's role, and with it its rights: that of the name, else (a name that is none, or none given) `auth.role`. */
void identify_role(const struct config_auth *auth, struct slice name, struct caller *caller);

/* Whether it may see what is for operators: it speaks from this machine, or has their role (config_operators). Where there is
 * an `admin:` address: it came by that; but not a web page that has led a browser of this machine there. */
bool identify_operator(const struct config *config, const struct principal *principal, bool by_admin);

/* Who is at the other end of a connection, which may be a proxy: for those whose head was never understood. */
void address_of_peer(const struct sockaddr_storage *peer, struct in6_addr *ret_address);

/* "192.0.2.7", "2001:db8::1". */
void address_format(const struct in6_addr *address, char ret_text[INET6_ADDRSTRLEN]);

#endif
