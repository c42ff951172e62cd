/* SPDX-License-Identifier: Apache-2.0
 * Between xml.c and subst.c. */
#ifndef CONFIG_XML_PRIV_H
#define CONFIG_XML_PRIV_H
#include "base/buf.h"
#include "config/xml.h"

/* Longest value after substitution. */
#define XML_VALUE_MAX ((size_t)1 << 20)

/* VALUE with every ${...} replaced, as OUT's content. False: err without a place. */
bool xml_substitute(struct buf *out, struct span value, xml_subst_fn *subst, void *arg,
                    struct err *err);

#endif
