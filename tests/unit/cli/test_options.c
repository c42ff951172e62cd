/* SPDX-License-Identifier: Apache-2.0
 * Command line arguments by table. What is printed is looked at by tests/e2e. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "cli/options.h"

struct given {
    bool flag;
    const char *value, *base, *words[2];
};

/* Parses ARGUMENTS (NULL-terminated, without the command's name). */
static int parse(struct given *g, size_t word_count, const char *const *arguments)
{
    char *argv[8] = {(char[]){"test"}};
    int argc = 1;
    *g = (struct given){.flag = false};
    while (arguments[argc - 1]) {
        argv[argc] = (char *)(uintptr_t)arguments[argc - 1];
        argc++;
    }
    const struct option options[] = {{"--flag", NULL, "a flag", &g->flag, NULL},
                                     {"--value", "N", "a value", NULL, &g->value}};
    const struct usage usage = {"test", "WORDS", "A test.", options, 2, word_count};
    return options_parse(&usage, argc, argv, &g->base, g->words);
}

#define PARSE(g, words, ...) parse(g, words, (const char *const[]){__VA_ARGS__, NULL})

static void options_and_words_mix(void **state)
{
    (void)state;
    struct given g;
    assert_int_equal(PARSE(&g, 2, "one", "--value", "5", "-b", "dir", "--flag", "two"), -1);
    assert_true(g.flag);
    assert_string_equal(g.value, "5");
    assert_string_equal(g.base, "dir");
    assert_string_equal(g.words[0], "one");
    assert_string_equal(g.words[1], "two");
}

static void values_may_follow_an_equals_sign(void **state)
{
    (void)state;
    struct given g;
    assert_int_equal(PARSE(&g, 0, "--value=a=b"), -1);
    assert_string_equal(g.value, "a=b");
    assert_null(g.base);
    assert_false(g.flag);
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    struct given g;
    assert_int_equal(PARSE(&g, 2, "--", "--flag", "-b"), -1);
    assert_false(g.flag);
    assert_string_equal(g.words[0], "--flag");
    assert_string_equal(g.words[1], "-b");
    assert_int_equal(PARSE(&g, 1, "-"), -1);
    assert_string_equal(g.words[0], "-");
}

static void wrong_usage_is_code_2(void **state)
{
    (void)state;
    struct given g;
    assert_int_equal(PARSE(&g, 0, "--flags"), 2);
    assert_int_equal(PARSE(&g, 0, "-x"), 2);
    assert_int_equal(PARSE(&g, 0, "--value"), 2);
    assert_int_equal(PARSE(&g, 0, "--value="), 2);
    assert_int_equal(PARSE(&g, 0, "--flag=1"), 2);
    assert_int_equal(PARSE(&g, 0, "-b"), 2);
    assert_int_equal(PARSE(&g, 0, "word"), 2);
    assert_int_equal(PARSE(&g, 2, "word"), 2);
}

static void help_is_code_0(void **state)
{
    (void)state;
    struct given g;
    assert_int_equal(PARSE(&g, 1, "--help"), 0);
    assert_int_equal(PARSE(&g, 1, "word", "-h"), 0);
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    struct err err = ERR_INIT;
    int64_t n = -7;
    assert_true(option_number("--port", "0", 0, 65535, &n, &err));
    assert_int_equal(n, 0);
    assert_true(option_number("--port", "65535", 0, 65535, &n, &err));
    assert_int_equal(n, 65535);
    static const char *const bad[] = {"65536", "-1", "", "1x", " 1", "99999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(option_number("--port", bad[i], 0, 65535, &n, &err));
    assert_false(option_number("--port", "1", 2, 3, &n, &err));
    assert_int_equal(n, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_mix),
        cmocka_unit_test(values_may_follow_an_equals_sign),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(wrong_usage_is_code_2),
        cmocka_unit_test(help_is_code_0),
        cmocka_unit_test(numbers_have_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
