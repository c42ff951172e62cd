/* SPDX-License-Identifier: Apache-2.0
 * Lists of addresses and CIDR blocks, for the valves of this module. */
#ifndef REMOTE_CIDR_H
#define REMOTE_CIDR_H
#include <cserv/module.h>

struct cidr_block {
    uint8_t bytes[16];
    uint8_t bits;   /* that count */
    uint8_t family; /* 4 or 6 */
};
struct cidr_list {
    struct cidr_block *blocks;
    uint32_t count;
};

/* TEXT: blocks ("10.0.0.0/8", "2001:db8::/32") and addresses, commas or blanks between; NULL or "": an
 * empty list. Memory is HOST's. 0, CS_ENOMEM, or CS_EINVAL after a line in the log that names ATTRIBUTE
 * and the word. */
int cidr_list_parse(cs_host *host, const char *attribute, const char *text, struct cidr_list *out);
/* Whether ADDRESS, numeric, lies in one of the blocks. Absent or not numeric: no. */
int cidr_list_has(const struct cidr_list *list, cs_str address);
/* Whether TEXT is a numeric address. */
int is_numeric_address(cs_str text);

#endif
