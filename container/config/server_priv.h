/* SPDX-License-Identifier: Apache-2.0
 * Between the files that read, check and print server.xml. */
#ifndef CONFIG_SERVER_PRIV_H
#define CONFIG_SERVER_PRIV_H
#include "config/schema.h"
#include "config/server.h"

/* Places in schema_elements(). */
enum server_element {
    ELEMENT_SERVER,
    ELEMENT_SERVICE,
    ELEMENT_CONNECTOR,
    ELEMENT_ENGINE,
    ELEMENT_HOST,
    ELEMENT_ALIAS,
    ELEMENT_CONTEXT,
    ELEMENT_COUNT
};
static inline const struct schema_element *server_schema(enum server_element which)
{
    size_t count;
    return &schema_elements(&count)[which];
}

/* CHILD of an E is not one of those served: a WARN, or an error when dropping it, or anything inside
 * it, would take a protection away. */
bool server_skip(const struct schema_element *e, const struct xml_node *child, const char *file,
                 struct err *err);

/* What a table cannot say of one element; also brings values into the form the model promises (host
 * names lower-cased, protocol "HTTP/1.1", context path "" for "/", ...). */
bool server_check_connector(const struct server_config *c, struct connector_config *connector,
                            struct err *err);
bool server_check_host_name(struct server_config *c, const char **name, int line, struct err *err);
bool server_check_context(struct server_config *c, struct context_config *context, struct err *err);
/* What needs more than one element. */
bool server_check(struct server_config *c, struct err *err);

#endif
