/* SPDX-License-Identifier: Apache-2.0
 * Which content coding the client likes best (RFC 9110 12.5.3). Pure; used by lookup.c. */
#ifndef DEFAULT_ENCODING_H
#define DEFAULT_ENCODING_H
#include <cserv/abi.h>

#define ENCODING_IDENTITY (-1) /* send the file as it is */
#define ENCODING_NONE     (-2) /* 406: everything that is there was excluded */

/* ACCEPT is Accept-Encoding in one line, absent without one. NAMES: the COUNT codings that are there, the
 * server's favourite first. Returns an index into them, or one of the above. */
int encoding_choose(cs_str accept, const char *const *names, unsigned count);

#endif
