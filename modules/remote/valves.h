/* SPDX-License-Identifier: Apache-2.0
 * The valves of this module, for module.c. */
#ifndef REMOTE_VALVES_H
#define REMOTE_VALVES_H
#include <cserv/module.h>

#define REMOTE_CIDR_CLASSES "org.apache.catalina.valves.RemoteCIDRValve"
#define REMOTE_CIDR_ATTRIBUTES                                                                     \
    CS_ATTRIBUTE("allow", "cidrs", "", "",                                                         \
                 "Addresses and CIDR blocks that may pass. When it is given, all others may not.") \
    CS_ATTRIBUTE("deny", "cidrs", "", "",                                                          \
                 "Addresses and CIDR blocks that may not pass; looked at before allow.")           \
    CS_ATTRIBUTE("denyStatus", "int", "400..599", "403", "The status of a refusal.")

int remote_cidr_init(cs_config *config, void **self);
int remote_cidr_invoke(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#define REMOTE_IP_CLASSES "org.apache.catalina.valves.RemoteIpValve"
#define REMOTE_IP_ATTRIBUTES                                                                     \
    CS_ATTRIBUTE("remoteIpHeader", "text", "", "X-Forwarded-For",                                \
                 "Field with the client's address and the proxies it came through. Forwarded: "  \
                 "the field of RFC 7239, which also tells scheme and host.")                     \
    CS_ATTRIBUTE("internalProxies", "cidrs", "", "127.0.0.0/8, ::1",                             \
                 "Proxies whose fields are believed: addresses and CIDR blocks.")                \
    CS_ATTRIBUTE("trustedProxies", "cidrs", "", "", "Further proxies that are believed.")        \
    CS_ATTRIBUTE("protocolHeader", "text", "", "X-Forwarded-Proto",                              \
                 "Field with the scheme the client spoke.")                                      \
    CS_ATTRIBUTE("protocolHeaderHttpsValue", "text", "", "https", "Its value that means https.") \
    CS_ATTRIBUTE("hostHeader", "text", "", "X-Forwarded-Host",                                   \
                 "Field with the host the client named; empty: the Host field counts.")          \
    CS_ATTRIBUTE("portHeader", "text", "", "X-Forwarded-Port",                                   \
                 "Field with the port the client connected to.")                                 \
    CS_ATTRIBUTE("httpServerPort", "int", "1..65535", "80",                                      \
                 "The port when the scheme is http and no field tells it.")                      \
    CS_ATTRIBUTE("httpsServerPort", "int", "1..65535", "443", "The same for https.")

int remote_ip_init(cs_config *config, void **self);
int remote_ip_invoke(cs_request *req, cs_response *res, cs_chain *chain, void *self);

#endif
