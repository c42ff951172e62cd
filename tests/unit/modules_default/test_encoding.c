/* SPDX-License-Identifier: Apache-2.0
 * Accept-Encoding (RFC 9110 12.5.3, 12.4.2) as a table: what is chosen of br, zstd and gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "encoding.h"

#define IDENTITY "identity"
#define NOTHING  "406"

static const struct {
    const char *accept;    /* NULL: no field */
    const char *all, *own; /* chosen of all three; of gzip alone */
} table[] = {
    {NULL, IDENTITY, IDENTITY},
    {"", IDENTITY, IDENTITY},
    {"gzip", "gzip", "gzip"},
    {"br", "br", IDENTITY},
    {"gzip, br", "br", "gzip"},
    {"gzip, deflate, br, zstd", "br", "gzip"},
    {"zstd,gzip", "zstd", "gzip"},
    {"GZIP", "gzip", "gzip"},
    {"x-gzip", "gzip", "gzip"},
    {"gzip;q=1.0, br;q=0.5", "gzip", "gzip"},
    {"gzip;q=0.5, br;q=0.9", "br", "gzip"},
    {"gzip ; q=0.5 , br ; q=0.9", "br", "gzip"},
    {"gzip;q=0.001", "gzip", "gzip"},
    {"gzip;Q=0.5", "gzip", "gzip"},
    {"gzip;q=0", IDENTITY, IDENTITY},
    {"gzip;q=0.000, br", "br", IDENTITY},
    {"deflate", IDENTITY, IDENTITY},
    {"deflate, compress;q=0.5", IDENTITY, IDENTITY},
    {"*", "br", "gzip"},
    {"*;q=0.1", "br", "gzip"},
    {"gzip, *;q=0.5", "gzip", "gzip"},
    {"br;q=0.2, *;q=0.5", "zstd", "gzip"},
    {"gzip, *;q=0", "gzip", "gzip"},
    {"*;q=0", NOTHING, NOTHING},
    {"identity;q=0", NOTHING, NOTHING},
    {"identity;q=0, gzip", "gzip", "gzip"},
    {"identity;q=0, br", "br", NOTHING},
    {"*;q=0, identity", IDENTITY, IDENTITY},
    {"identity", IDENTITY, IDENTITY},
    {"identity;q=0.5, gzip;q=0.4", IDENTITY, IDENTITY},
    {"identity;q=0.5, gzip;q=0.5", "gzip", "gzip"},
    {"identity;q=0.4, gzip;q=0.5", "gzip", "gzip"},
    {"identity;q=0.5, *;q=0.6", "br", "gzip"},
    /* malformed weights: as if the coding were not named */
    {"gzip;q=", IDENTITY, IDENTITY},
    {"gzip;q=2", IDENTITY, IDENTITY},
    {"gzip;q=1.001", IDENTITY, IDENTITY},
    {"gzip;q=0.0001", IDENTITY, IDENTITY},
    {"gzip;q=-1", IDENTITY, IDENTITY},
    {"gzip;q=.5", IDENTITY, IDENTITY},
    {"gzip;level=9", IDENTITY, IDENTITY},
    {",,gzip,,", "gzip", "gzip"},
    {"gzipped, notgzip", IDENTITY, IDENTITY},
};

static const char *chosen(cs_str accept, const char *const *names, unsigned count)
{
    int i = encoding_choose(accept, names, count);
    return i == ENCODING_IDENTITY ? IDENTITY : i == ENCODING_NONE ? NOTHING : names[i];
}

static void every_row(void **state)
{
    (void)state;
    static const char *const names[] = {"br", "zstd", "gzip"};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *a = table[i].accept;
        cs_str accept = {a, a ? strlen(a) : 0};
        const char *all = chosen(accept, names, 3), *own = chosen(accept, names + 2, 1);
        if (strcmp(all, table[i].all) != 0 || strcmp(own, table[i].own) != 0)
            fail_msg("'%s': %s and %s", a ? a : "(none)", all, own);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_row)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
