#ifndef R3E_EXPORTER_LEDGER_BUILD_H
#define R3E_EXPORTER_LEDGER_BUILD_H
/* Makes a ledger from a snapshot: all of it, or from an older one and the boards that have changed since.
 *
 * The rows of those boards are gathered by person (gather.h); each person concerned gets a new bundle, of
 * these rows and of those of his older one whose boards have not changed; everybody else is taken over as he
 * is. The
 * older one loses its rosters on the way. Which way a ledger was made does not show in what is read from it.
 */
#include "exporter/ledger.h"
#include "exporter/ledger_change.h"
#include "exporter/publish.h"

/* `ledger` was made by ledger_make and has its logs. `old` may be NULL; then all
 * boards count as changed. Boards that changed must have been verified. Persons of `old` who have come to
 * such a board are marked in `change` too. False: the guard knows why. */
bool ledger_build(struct ledger *ledger, struct ledger *old, struct ledger_change *change,
    struct snapshot *snapshot, struct publication *publication, unsigned threads);

#endif
