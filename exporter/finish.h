#ifndef R3E_EXPORTER_FINISH_H
#define R3E_EXPORTER_FINISH_H
/* Turns gathered rows into bundles and cards, on several threads: for each person of the table a record, the
 * places reached, and drafts of the rosters. */
#include <pthread.h>
#include <stdatomic.h>

#include "exporter/gather.h"
#include "exporter/ledger.h"
#include "exporter/ledger_change.h"
#include "exporter/threads.h"

struct finish_drafts {
    struct roster_draft *drafts; /* owned; `person` is the number in the table */
    uint32_t count, capacity;
};

struct finishing {
    const struct gathering *gathering;
    struct ledger *old; /* NULL: there is none */
    const struct ledger_change *change;
    struct guard *guard;
    int fds[LEDGER_LOGS];          /* borrowed */
    struct ledger_person *persons; /* owned, by number; `length` 0: no rows are left */
    _Atomic uint32_t next_bin;
    _Atomic uint64_t ends[LEDGER_LOGS];
    pthread_mutex_t mutex;         /* guards all below */
    struct ledger_result *results; /* owned */
    uint32_t result_count, result_capacity;
    struct finish_drafts rosters[ROSTER_KINDS];
    struct arena arenas[THREADS_MAX]; /* the drafts' keys */
    unsigned arena_count;
};

/* Bundles and cards go to the files `fds`, from `ends` on. Fills `finishing`, which is to be freed in any
 * case; what it was given must outlive it. False: the guard knows why. */
bool finish_run(struct finishing *finishing, unsigned threads);

/* Releases the records, when they are no longer needed. */
void finish_drop_persons(struct finishing *finishing);

void finish_free(struct finishing *finishing);

#endif
