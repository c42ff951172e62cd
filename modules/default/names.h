/* SPDX-License-Identifier: Apache-2.0
 * Which names are ever served, whatever the disk holds; and paths as they stand in URLs and HTML. Pure. */
#ifndef DEFAULT_NAMES_H
#define DEFAULT_NAMES_H
#include <cserv/abi.h>
#include <stdbool.h>

/* A PUT in progress; nobody gets to see it. */
#define NAMES_TEMPORARY ".cserv-put-"

/* One segment: not empty, "." or "..", not WEB-INF or META-INF in any spelling, no NUL byte,
 * no .jsp: conf/web.xml maps those elsewhere, and if it does not, they are not sent as source. */
bool name_is_served(const char *name, size_t n);
/* PATH is decoded and begins with '/': each segment is served; the last may be empty. By a forward or
 * include the webapp itself may ask for what is below WEB-INF and META-INF. */
bool path_is_served(cs_str path, bool asked_by_webapp);

/* How many bytes S takes percent-encoded, all but unreserved characters and '/'; into OUT unless NULL. */
size_t path_encode(cs_str s, char *out);

#endif
