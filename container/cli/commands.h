/* SPDX-License-Identifier: Apache-2.0
 * The commands of `cserv`. Each gets its own name as argv[0] and what follows it, and returns the
 * exit code: 0 done, 1 failed or refused, 2 wrong usage. The list that people see stands in
 * main.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

int cmd_configtest(int argc, char **argv);
int cmd_container(int argc,
                  char **argv); /* hidden: what the supervisor starts (supervisor/spawn.h) */
int cmd_inspect(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_makebase(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_start(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_stop(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
