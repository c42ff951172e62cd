/* SPDX-License-Identifier: Apache-2.0
 * The filters of this module, for module.c. */
#ifndef FILTERS_FILTERS_H
#define FILTERS_FILTERS_H
#include <cserv/module.h>

#define CORS_CLASSES "org.apache.catalina.filters.CorsFilter"
int cors_init(cs_config *config, void **self);
int cors_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#define HEADER_SECURITY_CLASSES "org.apache.catalina.filters.HttpHeaderSecurityFilter"
int header_security_init(cs_config *config, void **self);
int header_security_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#define RATE_LIMIT_CLASSES "org.apache.catalina.filters.RateLimitFilter"
int rate_limit_init(cs_config *config, void **self);
void rate_limit_destroy(cs_ctx *ctx, void *self);
int rate_limit_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#define EXPIRES_CLASSES "org.apache.catalina.filters.ExpiresFilter"
int expires_init(cs_config *config, void **self);
int expires_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#define SET_CHARSET_CLASSES "org.apache.catalina.filters.SetCharacterEncodingFilter"
int set_charset_init(cs_config *config, void **self);
int set_charset_filter(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#endif
