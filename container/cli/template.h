/* SPDX-License-Identifier: Apache-2.0
 * Sets attributes of the first Connector in the text of a server.xml and leaves all other bytes,
 * its comments above all, as they are. Used by makebase. */
#ifndef CLI_TEMPLATE_H
#define CLI_TEMPLATE_H
#include "base/buf.h"
#include "base/err.h"

/* Copies XML to OUT with attribute NAME of the first <Connector> set to VALUE (which needs no
 * escaping): replaced, or added as the first one. Comments are passed over. */
bool template_set(struct span xml, const char *name, const char *value, struct buf *out,
                  struct err *err);

#endif
