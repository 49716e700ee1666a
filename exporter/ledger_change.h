#ifndef R3E_EXPORTER_LEDGER_CHANGE_H
#define R3E_EXPORTER_LEDGER_CHANGE_H
/* What has changed between a ledger and a snapshot. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/ledger.h"
#include "exporter/snapshot.h"

struct ledger_change {
    bool *boards;          /* by place in the snapshot: its rows are others, or its track's name is */
    bool *details;         /* … its detail is another */
    uint32_t *new_board;   /* by place in the ledger: that in the snapshot, or STRING_NONE if it has gone */
    bool *persons;         /* by place in the ledger: has or had a row on a board that changed or has gone */
    uint64_t changed_rows; /* entries on boards that changed */
    bool any;              /* something of the ledger is no longer so */
};

/* Compares by what the records say. Without a ledger (NULL) everything has changed. */
struct ledger_change ledger_change_find(const struct ledger *ledger, const struct snapshot *snapshot);

/* Boards that were found broken since have changed too; and then, whom it concerns. */
void ledger_change_verified(
    struct ledger_change *change, const struct ledger *ledger, const struct snapshot *snapshot);

void ledger_change_free(struct ledger_change *change);

/* The hash that a ledger keeps of a name. */
uint64_t ledger_change_name(const char *name);

#endif
