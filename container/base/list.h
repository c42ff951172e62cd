/* SPDX-License-Identifier: Apache-2.0
 * Intrusive doubly linked list with a sentinel head. The links live in the element. */
#ifndef BASE_LIST_H
#define BASE_LIST_H
#include <stdbool.h>
#include <stddef.h>
#include "base/check.h"

struct list {
    struct list *next, *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l->prev = l;
}
static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}
static inline void list_add_tail(struct list *head, struct list *e)
{
    e->prev = head->prev;
    e->next = head;
    head->prev->next = e;
    head->prev = e;
}
static inline void list_add_head(struct list *head, struct list *e)
{
    list_add_tail(head->next, e);
}
/* Unlinks E and leaves it linked to itself, so that removing twice is harmless. */
static inline void list_remove(struct list *e)
{
    e->prev->next = e->next;
    e->next->prev = e->prev;
    list_init(e);
}
static inline struct list *list_first(const struct list *head)
{
    return list_empty(head) ? NULL : head->next;
}

#define LIST_FOREACH(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
/* IT may be removed in the body. */
#define LIST_FOREACH_SAFE(it, nx, head) \
    for (struct list *it = (head)->next, *nx = it->next; it != (head); it = nx, nx = it->next)

#endif
