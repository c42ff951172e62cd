/* SPDX-License-Identifier: Apache-2.0
 * http-parser tokenises a head that the guard let through; nothing else of it is used, because it lets
 * too much pass (http-rules.md section 1). Used by h1.c. */
#ifndef HTTP1_FIELDS_H
#define HTTP1_FIELDS_H
#include "http/exchange.h"

/* FIELDS_BAD: http-parser refuses something; the fields up to there are in x->req, not terminated. */
enum fields_result { FIELDS_OK, FIELDS_BAD, FIELDS_NO_MEMORY };

/* HEAD is the normalised head with its terminating empty line, in X's arena: it is cut into terminated
 * strings in place. METHOD_N: length of the method at its start. Fills target and headers of x->req. */
enum fields_result fields_parse(char *head, size_t n, size_t method_n, struct exchange *x);

#endif
