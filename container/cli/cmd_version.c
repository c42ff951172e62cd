/* SPDX-License-Identifier: Apache-2.0
 * `cserv version`. The libraries' versions are those it was built with. */
#include <stdio.h>
#include "base/check.h"
#include "cli/answer.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/place.h"
#include <cserv/abi.h>

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static const struct {
    const char *name, *value; /* an empty value is not shown */
} facts[] = {
    {"version", CSERV_VERSION},
    {"commit", CSERV_COMMIT},
    {"build", CSERV_BUILD_TYPE},
    {"sanitizer", CSERV_SANITIZER},
    {"compiler", COMPILER},
    {"libevent", CSERV_WITH_LIBEVENT},
    {"expat", CSERV_WITH_EXPAT},
    {"libcrypto", CSERV_WITH_LIBCRYPTO},
    {"http-parser", CSERV_WITH_HTTP_PARSER},
};

static int print_json(const char *base, const char *abi, const char *hash)
{
    struct answer a;
    answer_begin(&a, base);
    for (size_t i = 0; i < ARRAY_COUNT(facts); i++)
        if (facts[i].value[0] != '\0')
            json_string(&a.j, facts[i].name, span_of(facts[i].value));
    json_string(&a.j, "abi", span_of(abi));
    json_string(&a.j, "abiHash", span_of(hash));
    return answer_end(&a);
}

int cmd_version(int argc, char **argv)
{
    bool json = false;
    const char *base_option;
    struct place place;
    struct err err = ERR_INIT;
    const struct option options[] = {{"--json", NULL, JSON_DOC, &json, NULL}};
    const struct usage usage = {
        "version", "", "Prints what this program is and what it was built with.", options, 1, 0};
    int code = options_parse(&usage, argc, argv, &base_option, NULL);
    if (code >= 0)
        return code;
    if (!place_resolve(&place, base_option, &err))
        return tell_error(&err);
    char abi[32], hash[16];
    snprintf(abi, sizeof abi, "%u.%u", (unsigned)CS_ABI_MAJOR, (unsigned)CS_ABI_MINOR_MAX);
    snprintf(hash, sizeof hash, "%08x", (unsigned)CS_ABI_HASH);
    if (json)
        return print_json(place.base, abi, hash);
    tell_base(place.base);
    printf("cserv %s\n", CSERV_VERSION);
    for (size_t i = 1; i < ARRAY_COUNT(facts); i++)
        if (facts[i].value[0] != '\0')
            printf("%s: %s\n", facts[i].name, facts[i].value);
    printf("abi: %s (hash %s)\n", abi, hash);
    return EXIT_DONE;
}
