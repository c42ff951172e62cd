/* SPDX-License-Identifier: Apache-2.0
 * Elements of server.xml that are Tomcat's but not served yet, or nobody's. Called by server.c. Most
 * are passed over with a WARN; one that keeps somebody out must never be passed over, because the
 * server would then answer whom its owner meant to refuse. */
#include "base/check.h"
#include "config/server_priv.h"
#include "observe/log.h"

/* Parts of class names; whoever derives a class of his own tends to keep them. */
static const char *const protecting_classes[] = {
    "RemoteAddrValve", "RemoteCIDRValve", "RemoteHostValve", "Authenticator",
    "RewriteValve",    "FilterValve",     "SecurityListener"};

/* The valves Tomcat has that keep nobody out. Any other class is not ours to judge. */
static const char *const harmless_valves[] = {"AccessLogValve",
                                              "CrawlerSessionManagerValve",
                                              "ErrorReportValve",
                                              "ExtendedAccessLogValve",
                                              "HealthCheckValve",
                                              "JDBCAccessLogValve",
                                              "JsonAccessLogValve",
                                              "JsonErrorReportValve",
                                              "JvmRouteBinderValve",
                                              "LoadBalancerDrainingValve",
                                              "ParameterLimitValve",
                                              "PersistentValve",
                                              "ProxyErrorReportValve",
                                              "RemoteIpValve",
                                              "ReplicationValve",
                                              "SSLValve",
                                              "SemaphoreValve",
                                              "SingleSignOn",
                                              "StuckThreadDetectionValve",
                                              NULL};

static const char *simple_name(const char *class_name)
{
    const char *dot = strrchr(class_name, '.');
    return dot ? dot + 1 : class_name;
}

/* Tomcat's listeners that watch over a Java virtual machine, or only report. */
static const char *const jvm_listeners[] = {"AprLifecycleListener",
                                            "ContextNamingInfoListener",
                                            "GlobalResourcesLifecycleListener",
                                            "HeartbeatListener",
                                            "JniLifecycleListener",
                                            "JreMemoryLeakPreventionListener",
                                            "OpenSSLLifecycleListener",
                                            "StoreConfigLifecycleListener",
                                            "ThreadLocalLeakPreventionListener",
                                            "VersionLoggerListener",
                                            NULL};

static bool refuse(struct server_reader *r, const struct xml_node *node, const char *class_name,
                   const char *why)
{
    struct err err = ERR_INIT;
    err_set(&err, "<%.64s className=\"%.128s\"> is not served yet", node->name, class_name);
    err_why(&err, "%s", why);
    err_hint(&err, "remove the element once you can do without it");
    return server_mistake(r, node->line, &err);
}

static bool protection_check(struct server_reader *r, const struct xml_node *node)
{
    const char *class_name = xml_attribute(node, "className");
    for (size_t i = 0; class_name && i < ARRAY_COUNT(protecting_classes); i++)
        if (strstr(class_name, protecting_classes[i]))
            return refuse(r, node, class_name, "it protects, and nothing is served without it");
    if (strcmp(node->name, "Valve") == 0 &&
        !(class_name && schema_listed(harmless_valves, simple_name(class_name))))
        return refuse(r, node, class_name ? class_name : "",
                      "this class is not known; it may protect, and nothing is served without it");
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (!protection_check(r, c))
            return false;
    return true;
}

/* A class of a valve that is known, and was only written a little wrong. */
static bool is_misspelled_valve(struct server_reader *r, const struct xml_node *node,
                                const char *class_name)
{
    struct schema_guess guess;
    struct err err = ERR_INIT;
    if (!class_name || strcmp(node->name, "Valve") != 0 ||
        schema_listed(harmless_valves, simple_name(class_name)))
        return false;
    schema_guess_begin(&guess, class_name);
    for (const struct valve_class *c = config_valves(); c; c = c->next) {
        schema_guess_try(&guess, span_of(c->name));
        schema_guess_words(&guess, c->aliases);
    }
    if (!schema_guess_name(&guess))
        return false;
    err_set(&err, "<Valve className=\"%.128s\"> is not known", class_name);
    err_hint(&err, "did you mean '%s'?", schema_guess_name(&guess));
    server_mistake(r, node->line, &err);
    return true;
}

/* False: nothing is known of CHILD. */
static bool is_of_tomcat(struct server_reader *r, const struct schema_element *e,
                         const struct xml_node *child)
{
    const char *class_name = xml_attribute(child, "className");
    bool listener = class_name && strcmp(child->name, "Listener") == 0;
    if (schema_word(e->jvm_children, child->name, NULL)) {
        config_known(r->report, child->name, NULL);
        return true;
    }
    if (listener && schema_listed(jvm_listeners, simple_name(class_name))) {
        config_known(r->report, child->name, simple_name(class_name));
        return true;
    }
    if (!schema_word(e->later_children, child->name, NULL) &&
        !schema_word(e->children, child->name, NULL))
        return false;
    LOG(config, LOG_WARN, "%s:%d: <%s%s%s%s> in <%s> is not served yet: it has no effect",
        r->doc->file, child->line, child->name, class_name ? " className=\"" : "",
        class_name ? class_name : "", class_name ? "\"" : "", e->name);
    return true;
}

void server_skip(struct server_reader *r, const struct schema_element *e,
                 const struct xml_node *child)
{
    struct schema_guess guess;
    if (is_misspelled_valve(r, child, xml_attribute(child, "className")) ||
        !protection_check(r, child) || is_of_tomcat(r, e, child))
        return;
    schema_guess_begin(&guess, child->name);
    schema_guess_words(&guess, e->children);
    schema_guess_words(&guess, e->later_children);
    schema_guess_words(&guess, e->jvm_children);
    config_unknown_element(r->report, e->name, child->name, schema_guess_name(&guess), r->doc->file,
                           child->line);
}

void server_read_valve(struct server_reader *r, const struct schema_element *e,
                       const struct xml_node *node, struct valve_config **list)
{
    const char *class_name = xml_attribute(node, "className");
    const struct valve_class *c = class_name ? config_valve_find(class_name) : NULL;
    if (!c) {
        server_skip(r, e, node);
        return;
    }
    for (const struct xml_node *child = node->children; child; child = child->next) {
        static const struct schema_element valve = {.name = "Valve"};
        server_skip(r, &valve, child);
    }
    while (*list)
        list = &(*list)->next;
    *list = config_check_valve(c, node, r->doc->file, &r->doc->arena, r->report);
}
