/* SPDX-License-Identifier: Apache-2.0
 * Between the files that read, check and print server.xml and context.xml. */
#ifndef CONFIG_SERVER_PRIV_H
#define CONFIG_SERVER_PRIV_H
#include "config/schema.h"
#include "config/server.h"

/* Places in schema_elements(). */
enum server_element {
    ELEMENT_SERVER,
    ELEMENT_SERVICE,
    ELEMENT_EXECUTOR,
    ELEMENT_CONNECTOR,
    ELEMENT_ENGINE,
    ELEMENT_HOST,
    ELEMENT_ALIAS,
    ELEMENT_CONTEXT,
    ELEMENT_PARAMETER,
    ELEMENT_ENVIRONMENT,
    ELEMENT_COUNT
};
static inline const struct schema_element *server_schema(enum server_element which)
{
    size_t count;
    return &schema_elements(&count)[which];
}

struct variables { /* what ${...} stands for besides the environment */
    const char *base, *home;
};
bool variable_find(void *variables, const char *name, const char **value);

struct server_reader {
    struct server_config *c;
    struct xml_doc *doc; /* the file that is being read */
    struct config_report *report;
};
/* Tells ERR, at LINE of the file being read; always false. */
bool server_mistake(struct server_reader *r, int line, struct err *err);
bool server_no_memory(struct server_reader *r);

/* server_skip.c: CHILD of an E is not one of those served: a WARN, or a mistake when dropping it, or
 * anything inside it, would take a protection away. */
void server_skip(struct server_reader *r, const struct schema_element *e,
                 const struct xml_node *child);
/* A <Valve> whose class is known becomes the last of LIST; another one is passed over or a mistake. */
void server_read_valve(struct server_reader *r, const struct schema_element *e,
                       const struct xml_node *node, struct valve_config **list);
/* context_file.c: what is inside a <Context>. */
void server_read_context_children(struct server_reader *r, const struct xml_node *node,
                                  struct context_config *context);
/* context_texts.c: CONTEXT gets a list of its own, which begins with what it has. */
bool server_copy_texts(struct server_reader *r, struct context_config *context);
/* A <Parameter> or <Environment>. */
void server_read_text(struct server_reader *r, const struct xml_node *node, bool environment,
                      struct context_config *context);
/* conf/context.xml, when there is one, into c->context_defaults. */
void server_read_context_defaults(struct server_reader *r, const struct variables *variables);

/* server_check.c: what a table cannot say of one element; also brings values into the form the model
 * promises (host names lower-cased, protocol "HTTP/1.1", context path "" for "/", ...). What has a mistake
 * is left as something harmless, so that one mistake is told once. */
void server_check_connector(struct server_reader *r, struct connector_config *connector);
void server_check_host_name(struct server_reader *r, const char **name, int line);
void server_check_context(struct server_reader *r, struct context_config *context);
/* The executors of SERVICE, and the thread settings of the connectors that name one. */
void server_check_executors(struct server_reader *r, struct service_config *service);
/* What needs more than one element. */
void server_check(struct server_reader *r);

#endif
