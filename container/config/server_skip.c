/* SPDX-License-Identifier: Apache-2.0
 * Elements of server.xml that are Tomcat's but not served yet, or nobody's. Called by server.c. Most
 * are passed over with a WARN; one that keeps somebody out must never be passed over, because the
 * server would then answer whom its owner meant to refuse. */
#include "base/check.h"
#include "config/server_priv.h"
#include "observe/log.h"

enum { NAMES_MAX = 64 };

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

static bool refuse(const struct xml_node *node, const char *class_name, const char *why,
                   const char *file, struct err *err)
{
    err_set(err, "<%.64s className=\"%.128s\"> is not served yet", node->name, class_name);
    err_why(err, "%s", why);
    err_hint(err, "remove the element once you can do without it");
    return err_at(err, file, node->line);
}

static bool protection_check(const struct xml_node *node, const char *file, struct err *err)
{
    const char *class_name = xml_attribute(node, "className");
    for (size_t i = 0; class_name && i < ARRAY_COUNT(protecting_classes); i++)
        if (strstr(class_name, protecting_classes[i]))
            return refuse(node, class_name, "it protects, and nothing is served without it", file,
                          err);
    if (strcmp(node->name, "Valve") == 0 &&
        !(class_name && schema_listed(harmless_valves, simple_name(class_name))))
        return refuse(node, class_name ? class_name : "",
                      "this class is not known; it may protect, and nothing is served without it",
                      file, err);
    for (const struct xml_node *c = node->children; c; c = c->next)
        if (!protection_check(c, file, err))
            return false;
    return true;
}

static size_t names_append(const char **names, size_t n, const char *const *list)
{
    for (; list && *list && n < NAMES_MAX; list++)
        names[n++] = *list;
    return n;
}

bool server_skip(const struct schema_element *e, const struct xml_node *child, const char *file,
                 struct err *err)
{
    const char *names[NAMES_MAX], *nearest, *class_name = xml_attribute(child, "className");
    size_t n = 0;
    if (!protection_check(child, file, err))
        return false;
    if (schema_listed(e->unserved_children, child->name)) {
        LOG(config, LOG_WARN, "%s:%d: <%s%s%s%s> in <%s> is not served yet: it has no effect", file,
            child->line, child->name, class_name ? " className=\"" : "",
            class_name ? class_name : "", class_name ? "\"" : "", e->name);
        return true;
    }
    n = names_append(names, n, e->children);
    n = names_append(names, n, e->unserved_children);
    nearest = schema_nearest(child->name, names, n);
    LOG(config, LOG_WARN, "%s:%d: <%s> has no element <%s>, it is ignored%s%s%s", file, child->line,
        e->name, child->name, nearest ? "; did you mean <" : "", nearest ? nearest : "",
        nearest ? ">?" : "");
    return true;
}
