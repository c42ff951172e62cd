/* SPDX-License-Identifier: Apache-2.0
 * The load client's small commands. Both return the exit code and print their result on stdout. */
#ifndef SUPPORT_LOAD_FIRST_H
#define SUPPORT_LOAD_FIRST_H
int load_free_port(void);
/* argv: PORT PATH SECONDS COMMAND... */
int load_first_answer(int argc, char **argv);
#endif
