#ifndef R3E_COORDINATOR_TARGET_LIST_H
#define R3E_COORDINATOR_TARGET_LIST_H
/* The targets that somebody asked for and that are not all fetched yet, kept in the store so that a restart
 * goes on with them. Kept from the next commit on. */
#include <stdbool.h>
#include <stdint.h>

#include "coordinator/store.h"
#include "coordinator/target.h"

/* More are fetched too, but a restart forgets them: that many wishes are a full refresh. */
#define TARGET_LIST_MAX 500u

struct target_list {
    uint32_t count;
    bool said_full;
    struct {
        struct target target;
        int64_t asked_ms; /* wall clock: what was fetched since then is done */
    } items[TARGET_LIST_MAX];
};

/* Empty if the store has none or something broken. */
void target_list_load(struct target_list *list, struct store *store);

/* A target asked for before is only asked for later. False: the list is full (logged once). */
bool target_list_add(struct target_list *list, const struct target *target, int64_t wall_ms);

/* Writes them into the open transaction. */
void target_list_save(const struct target_list *list, struct store *store);

#endif
