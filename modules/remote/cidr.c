/* SPDX-License-Identifier: Apache-2.0
 * Addresses and CIDR blocks (RFC 4632, RFC 4291 2.3): see cidr.h. */
#include "cidr.h"

#include <arpa/inet.h>
#include <string.h>

static int parse_address(const char *text, size_t n, struct cidr_block *out)
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    char copy[INET6_ADDRSTRLEN];
    if (n == 0 || n >= sizeof(copy) || memchr(text, '\0', n))
        return 0;
    memcpy(copy, text, n);
    copy[n] = '\0';
    memset(out, 0, sizeof(*out));
    if (inet_pton(AF_INET, copy, out->bytes) == 1) {
        out->family = 4;
        out->bits = 32;
        return 1;
    }
    if (inet_pton(AF_INET6, copy, out->bytes) != 1)
        return 0;
    out->family = 6;
    out->bits = 128;
    if (memcmp(out->bytes, mapped, sizeof(mapped)) == 0) { /* ::ffff:192.0.2.1 is that address */
        memmove(out->bytes, out->bytes + sizeof(mapped), 4);
        memset(out->bytes + 4, 0, 12);
        out->family = 4;
        out->bits = 32;
    }
    return 1;
}

static int parse_block(const char *text, size_t n, struct cidr_block *out)
{
    const char *slash = memchr(text, '/', n);
    size_t address = slash ? (size_t)(slash - text) : n;
    unsigned bits = 0;
    if (!parse_address(text, address, out))
        return 0;
    if (!slash)
        return 1;
    if (n == address + 1 || n > address + 4)
        return 0;
    for (const char *p = slash + 1; p < text + n; p++) {
        if (*p < '0' || *p > '9')
            return 0;
        bits = bits * 10 + (unsigned)(*p - '0');
    }
    if (bits > out->bits)
        return 0;
    out->bits = (uint8_t)bits;
    return 1;
}

int cidr_list_parse(cs_host *host, const char *attribute, const char *text, struct cidr_list *out)
{
    static const char between[] = ", \t\r\n";
    uint32_t words = 0;
    out->blocks = NULL;
    out->count = 0;
    if (!text)
        return CS_OK;
    for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
        words++;
        p += strcspn(p, between);
    }
    if (words == 0)
        return CS_OK;
    out->blocks = cs_host_alloc(host, words * sizeof(*out->blocks));
    if (!out->blocks)
        return CS_ENOMEM;
    for (const char *p = text + strspn(text, between); *p; p += strspn(p, between)) {
        size_t n = strcspn(p, between);
        if (!parse_block(p, n, &out->blocks[out->count])) {
            cs_host_log(host, CS_LOG_ERROR,
                        "%s: '%.*s' is no address and no CIDR block. Write for example "
                        "\"127.0.0.1, 10.0.0.0/8, ::1\"; regular expressions are not taken",
                        attribute, (int)n, p);
            return CS_EINVAL;
        }
        out->count++;
        p += n;
    }
    return CS_OK;
}

static int in_block(const struct cidr_block *block, const struct cidr_block *address)
{
    size_t whole = block->bits / 8u;
    unsigned rest = block->bits % 8u;
    if (block->family != address->family || memcmp(block->bytes, address->bytes, whole) != 0)
        return 0;
    return rest == 0 || ((block->bytes[whole] ^ address->bytes[whole]) >> (8u - rest)) == 0;
}

int cidr_list_has(const struct cidr_list *list, cs_str address)
{
    struct cidr_block a;
    if (list->count == 0 || !address.ptr || !parse_address(address.ptr, address.len, &a))
        return 0;
    for (uint32_t i = 0; i < list->count; i++) {
        if (in_block(&list->blocks[i], &a))
            return 1;
    }
    return 0;
}

int is_numeric_address(cs_str text)
{
    struct cidr_block a;
    return text.ptr && parse_address(text.ptr, text.len, &a);
}
