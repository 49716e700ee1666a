#ifndef R3E_EXPORTER_LEDGER_SOURCE_H
#define R3E_EXPORTER_LEDGER_SOURCE_H
/* Persons and their places for the statistics, from a ledger. */
#include "exporter/ledger.h"
#include "exporter/ledger_change.h"
#include "exporter/statistics.h"

/* `ledger` must be complete and outlive the source. */
struct statistics_source ledger_source(struct ledger *ledger);

/* The classes whose statistics may be others than those of `old`: those of boards that changed or have gone,
 * and all in which a person has a row who has come, has gone or is shown otherwise. Owned by the caller. */
uint32_t *ledger_source_touched(const struct ledger *ledger, const struct ledger *old,
    const struct ledger_change *change, const struct snapshot *snapshot, uint32_t *count);

#endif
