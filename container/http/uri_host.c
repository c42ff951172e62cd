/* SPDX-License-Identifier: Apache-2.0
 * The Host field and the authority of absolute-form. Strict, because what is taken for the host here
 * chooses the virtual host. Called by http1 for every head. */
#include <arpa/inet.h>
#include "http/uri.h"
#include "http/chars.h"

/* "[" IPv6address "]" and nothing newer: IPvFuture and zones name no host of ours. */
static bool is_ipv6(struct span s)
{
    char text[INET6_ADDRSTRLEN];
    struct in6_addr address;
    if (s.n >= sizeof(text) || memchr(s.p, '\0', s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_reg_name(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (char_is(s.p[i], CHAR_HOST))
            continue;
        if (s.p[i] != '%' || s.n - i < 3 || char_from_hex(s.p + i + 1) < 0)
            return false;
        i += 2;
    }
    return true;
}

bool uri_parse_host(struct span s, struct span *host, uint32_t *port)
{
    bool bracket = s.n > 0 && s.p[0] == '[';
    size_t end = 0;
    if (bracket) {
        size_t close = span_find(s, 0, ']');
        if (close == s.n || !is_ipv6(span_cut(s, 1, close - 1)))
            return false;
        end = close + 1;
    } else {
        end = span_find(s, 0, ':');
        if (!is_reg_name(span_cut(s, 0, end)))
            return false;
    }
    uint64_t number = 0;
    if (end < s.n) {
        struct span digits = span_from(s, end + 1);
        if (s.p[end] != ':' || (digits.n > 0 && !span_to_u64(digits, 65535, &number)))
            return false;
    }
    *host = span_cut(s, 0, end);
    *port = (uint32_t)number;
    return true;
}
