#ifndef R3E_EXPORTER_LEDGER_CHECK_H
#define R3E_EXPORTER_LEDGER_CHECK_H
/* Whether a ledger that was read can be used without looking at its numbers again. Its checksums were right,
 * so what is wrong here would be our own fault; it still costs an export and no more. */
#include <stdbool.h>

#include "exporter/ledger.h"

/* True: boards and persons are in their order, every place and range is within what it points into, bundles
 * lie in the part of the rows that counts. Counts what is in use. */
bool ledger_check(struct ledger *ledger);

#endif
