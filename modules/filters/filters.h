/* SPDX-License-Identifier: Apache-2.0
 * The filters of this module, for module.c. */
#ifndef FILTERS_FILTERS_H
#define FILTERS_FILTERS_H
#include <cserv/module.h>

#define CORS_CLASSES "org.apache.catalina.filters.CorsFilter"
int cors_init(cs_config *config, void **self);
int cors_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#endif
