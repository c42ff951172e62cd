/* SPDX-License-Identifier: Apache-2.0
 * `cserv COMMAND ...`: the list of commands and the way into them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include "base/check.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "supervisor/spawn.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *doc; /* NULL: not for people */
} commands[] = {
    {"run", cmd_run, "serve in the foreground; Ctrl-C ends it"},
    {"start", cmd_start, "serve in the background; returns when the port answers"},
    {"stop", cmd_stop, "end a server in order"},
    {"status", cmd_status, "is a server running, and where"},
    {"list", cmd_list, "the webapps of the running server, refused ones too"},
    {"configtest", cmd_configtest, "read the configuration and say what is wrong with it"},
    {"makebase", cmd_makebase, "make the folder of a new server"},
    {"inspect", cmd_inspect, "look at a webapp's .so file without loading it"},
    {"probe", cmd_probe, "load a webapp's .so file in a process of its own and try it"},
    {"version", cmd_version, "what this program is made of"},
    {SPAWN_COMMAND, cmd_container, NULL},
};

static int print_help(void)
{
    printf("usage: cserv COMMAND [-b DIR] [options]\n\n");
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        if (commands[i].doc)
            printf("  %-12s %s\n", commands[i].name, commands[i].doc);
    printf(
        "\n\"cserv COMMAND --help\" tells more. -b DIR or CSERV_BASE names the server's folder.\n");
    return EXIT_DONE;
}

static int unknown_command(const char *name)
{
    const char *known[ARRAY_COUNT(commands)];
    size_t n = 0;
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        if (commands[i].doc)
            known[n++] = commands[i].name;
    (void)tell_unknown("command", name, known, n);
    fprintf(stderr, "cserv: \"cserv --help\" lists them\n");
    return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
    for (size_t i = 0; i < ARRAY_COUNT(commands); i++)
        if (strcmp(argv[0], commands[i].name) == 0)
            return commands[i].run(argc, argv);
    return unknown_command(argv[0]);
}

/* `cserv -b DIR COMMAND ...` means the same as `cserv COMMAND -b DIR ...`. */
static void command_first(char **argv)
{
    char *option = argv[0], *value = argv[1];
    argv[0] = argv[2];
    argv[1] = option;
    argv[2] = value;
}

int main(int argc, char **argv)
{
    int code;
    /* A container and a probe are started through /proc/self/exe, which would be their name. */
    (void)prctl(PR_SET_NAME, "cserv");
    if (argc >= 4 && strcmp(argv[1], "-b") == 0)
        command_first(argv + 1);
    if (argc < 2 || argv[1][0] == '\0') {
        fprintf(stderr, "cserv: no command was given; \"cserv --help\" lists them\n");
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        code = print_help();
    else if (strcmp(argv[1], "--version") == 0)
        code = cmd_version(1, argv + 1);
    else
        code = run_command(argc - 1, argv + 1);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EXIT_DONE) {
        fprintf(stderr, "cserv: the output could not be written\n");
        code = EXIT_REFUSED;
    }
    return code;
}
