/* SPDX-License-Identifier: Apache-2.0
 * CPU time of a server: user and system, of a process and everything below it, from /proc/PID/stat.
 * Children that ended and were waited for are in their parent's sum. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "load.h"

enum { PROCESSES = 4096 };
struct process {
    pid_t pid, parent;
    double ticks;
    bool counted;
};

static bool read_process(const char *name, struct process *p)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%.16s/stat", name);
    FILE *f = fopen(path, "re");
    if (!f)
        return false; /* it just ended */
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = '\0';
    char *after = strrchr(text, ')'); /* the command's name may hold blanks and brackets */
    int parent;
    unsigned long user, kernel;
    long waited_user, waited_kernel;
    if (!after || sscanf(after + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld",
                         &parent, &user, &kernel, &waited_user, &waited_kernel) != 5)
        return false;
    p->pid = (pid_t)atoi(name);
    p->parent = (pid_t)parent;
    p->ticks = (double)user + (double)kernel + (double)waited_user + (double)waited_kernel;
    p->counted = false;
    return true;
}

double load_cpu_seconds(pid_t pid)
{
    struct process *all = calloc(PROCESSES, sizeof *all);
    DIR *proc = opendir("/proc");
    size_t count = 0;
    for (struct dirent *e; all && proc && count < PROCESSES && (e = readdir(proc));)
        if (isdigit((unsigned char)e->d_name[0]) && read_process(e->d_name, &all[count]))
            count++;
    if (proc)
        closedir(proc);

    double ticks = -1;
    bool more = false;
    for (size_t i = 0; i < count; i++)
        if (all[i].pid == pid) {
            ticks = all[i].ticks;
            all[i].counted = more = true;
        }
    while (more) { /* a handful of processes: no need for a tree */
        more = false;
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0; k < count && !all[i].counted; k++)
                if (all[k].counted && all[k].pid == all[i].parent) {
                    all[i].counted = more = true;
                    ticks += all[i].ticks;
                }
    }
    free(all);
    return ticks < 0 ? -1 : ticks / (double)sysconf(_SC_CLK_TCK);
}
