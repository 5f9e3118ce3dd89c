/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request comes from. X-Forwarded-For grows to the right, and only what our own proxies appended can be believed: so
 * it is walked from the right for as long as the speaker is one of ours. */
#include "auth/identify.h"

#include <arpa/inet.h>

/* More entries than this in all X-Forwarded-For headers: only the last are looked at. */
#define FORWARDED_MAX 64

static void address_of_ipv4(const struct in_addr *ipv4, struct in6_addr *ret_address)
{
    *ret_address = (struct in6_addr){0};
    ret_address->s6_addr[10] = ret_address->s6_addr[11] = 0xff;
    memcpy(&ret_address->s6_addr[12], ipv4, sizeof *ipv4);
}

void address_of_peer(const struct sockaddr_storage *peer, struct in6_addr *ret_address)
{
    if (peer->ss_family == AF_INET)
        address_of_ipv4(&((const struct sockaddr_in *)peer)->sin_addr, ret_address);
    else if (peer->ss_family == AF_INET6)
        *ret_address = ((const struct sockaddr_in6 *)peer)->sin6_addr;
    else
        *ret_address = (struct in6_addr){0};
}

/* "[2001:db8::1]:443" and "192.0.2.7:443" lose their port, which some proxies add. */
static struct slice without_port(struct slice text)
{
    if (text.len && text.data[0] == '[') {
        size_t close = slice_find(text, ']');
        return close < text.len ? slice_of(text.data + 1, close - 1) : text;
    }
    size_t colon = slice_find(text, ':');
    bool one_colon = colon < text.len && slice_find(slice_skip(text, colon + 1), ':') == text.len - colon - 1;
    return one_colon ? slice_of(text.data, colon) : text;
}

static bool address_read(struct slice text, struct in6_addr *ret_address)
{
    char room[INET6_ADDRSTRLEN];
    struct slice bare = without_port(text);
    if (bare.len == 0 || bare.len >= sizeof room)
        return false;
    memcpy(room, bare.data, bare.len);
    room[bare.len] = 0;
    struct in_addr ipv4;
    if (inet_pton(AF_INET, room, &ipv4) == 1) {
        address_of_ipv4(&ipv4, ret_address);
        return true;
    }
    return inet_pton(AF_INET6, room, ret_address) == 1;
}

static bool in_network(const struct in6_addr *address, const struct config_proxy *network)
{
    unsigned bytes = network->bits / 8, rest = network->bits % 8;
    PRE(network->bits <= 128);
    if (memcmp(address->s6_addr, network->network.s6_addr, bytes) != 0)
        return false;
    unsigned mask = rest ? 0xffu << (8 - rest) & 0xffu : 0;
    return rest == 0 || ((address->s6_addr[bytes] ^ network->network.s6_addr[bytes]) & mask) == 0;
}

static bool is_proxy(const struct config *config, const struct in6_addr *address)
{
    for (unsigned i = 0; i < config->proxy_count; i++)
        if (in_network(address, &config->proxies[i]))
            return true;
    return false;
}

static bool is_loopback(const struct in6_addr *address)
{
    bool loopback_of_ipv4 = IN6_IS_ADDR_V4MAPPED(address) && address->s6_addr[12] == 127;
    return loopback_of_ipv4 || IN6_IS_ADDR_LOOPBACK(address);
}

/* An address, or localhost (RFC 6761, 6.3): no name that somebody elsewhere can have lead to this machine. */
static bool names_this_machine(struct slice host)
{
    static const struct slice localhost = SLICE_INIT("localhost"), below = SLICE_INIT(".localhost");
    struct slice name = without_port(host);
    size_t digits = 0;
    while (digits < name.len &&
           (name.data[digits] == '.' || (name.data[digits] >= '0' && name.data[digits] <= '9')))
        digits++;
    bool is_address = digits == name.len || host.data[0] == '[';
    return is_address || slice_eq_nocase(name, localhost) ||
           (name.len > below.len && slice_eq_nocase(slice_skip(name, name.len - below.len), below));
}

/* The entries of all X-Forwarded-For headers in order, the last FORWARDED_MAX of them. Returns how many there were. Quotes mean
 * nothing here: a client's unclosed one must not swallow what our proxy appends. */
static unsigned forwarded_entries(const struct http_head *head, struct slice entries[FORWARDED_MAX])
{
    unsigned count = 0, position = 0;
    struct slice value;
    while (http_head_next(head, HTTP_X_FORWARDED_FOR, &position, &value))
        while (value.len) {
            struct slice entry = slice_trim(slice_cut(&value, ','));
            if (entry.len)
                entries[count++ % FORWARDED_MAX] = entry;
        }
    return count;
}

/* Whether something spoke for the client: headers that proxies add and clients of ours do not. */
static bool bears_marks_of_a_proxy(const struct http_head *head)
{
    static const struct slice marks[] = {SLICE_INIT("Forwarded"), SLICE_INIT("Via"), SLICE_INIT("X-Real-IP"),
                                         SLICE_INIT("X-Forwarded-Host")};
    if (http_head_get(head, HTTP_X_FORWARDED_FOR).data || http_head_get(head, HTTP_X_FORWARDED_PROTO).data)
        return true;
    for (unsigned i = 0; i < head->field_count; i++)
        for (size_t j = 0; head->fields[i].known == HTTP_UNKNOWN && j < ARRAY_LEN(marks); j++)
            if (slice_eq_nocase(head->fields[i].name, marks[j]))
                return true;
    return false;
}

/* From the right for as long as the speaker is one of our proxies; what is no address ends the walk. */
static void walk_forwarded(const struct config *config, const struct http_head *head,
                           struct in6_addr *address)
{
    struct slice entries[FORWARDED_MAX];
    unsigned count = forwarded_entries(head, entries);
    unsigned left = count < FORWARDED_MAX ? count : FORWARDED_MAX;
    while (left-- && is_proxy(config, address))
        if (!address_read(entries[--count % FORWARDED_MAX], address))
            return;
}

void identify(const struct config *config, const struct sockaddr_storage *peer, const struct http_head *head,
              struct principal *ret_principal)
{
    PRE(config && peer && head);
    struct principal principal = {.caller = {.role = ROLE_ANONYMOUS, .roles = ROLE_ANONYMOUS}};
    address_of_peer(peer, &principal.address);
    /* Marks that nobody declared may be of a proxy on this very machine: the address stays the peer's, but is not loopback. */
    bool marked = bears_marks_of_a_proxy(head);
    principal.loopback = !marked && is_loopback(&principal.address) && names_this_machine(head->host);
    principal.via_proxy = marked && is_proxy(config, &principal.address);
    if (principal.via_proxy)
        walk_forwarded(config, head, &principal.address);
    *ret_principal = principal;
}

void identify_role(const struct config_auth *auth, struct slice name, struct caller *caller)
{
    PRE(auth && caller);
    const struct config_role *role = config_role_find(auth, name);
    if (!role)
        role = config_role_find(auth, config_role_name(auth, auth->role));
    caller->role = role ? role->bit : ROLE_ANONYMOUS;
    caller->roles = role ? role->rights : ROLE_ANONYMOUS;
    caller->role_name = role ? role->name : SLICE("anonymous");
}

bool identify_operator(const struct config *config, const struct principal *principal, bool by_admin)
{
    PRE(config->admin.text.data || !by_admin);
    if (config->admin.text.data)
        return by_admin && (principal->loopback || !is_loopback(&principal->address));
    return principal->loopback || caller_may(&principal->caller, config_operators(&config->auth));
}

void address_format(const struct in6_addr *address, char ret_text[INET6_ADDRSTRLEN])
{
    const char *text = IN6_IS_ADDR_V4MAPPED(address)
                           ? inet_ntop(AF_INET, &address->s6_addr[12], ret_text, INET6_ADDRSTRLEN)
                           : inet_ntop(AF_INET6, address, ret_text, INET6_ADDRSTRLEN);
    POST(text != NULL);
}
