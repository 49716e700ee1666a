#ifndef R3E_EXPORTER_EXPORT_H
#define R3E_EXPORTER_EXPORT_H
/* One run, from the snapshot to what is kept for the next. */
#include <stdbool.h>

#include "exporter/combinations.h"
#include "exporter/guard.h"
#include "exporter/ledger.h"
#include "exporter/ledger_change.h"
#include "exporter/ledger_file.h"
#include "exporter/ledger_source.h"
#include "exporter/manifest.h"
#include "exporter/options.h"
#include "exporter/publish.h"
#include "exporter/report.h"
#include "exporter/snapshot.h"

/* Zeroed, but for the first three. */
struct export
{
    const struct options *options;
    struct guard *guard;
    bool full; /* use nothing that earlier runs kept */
    struct snapshot snapshot;
    struct publication publication;
    struct combinations_figures combinations;
    struct ledger_files ledger_files;
    struct ledger old_ledger, ledger; /* of the last run, and of this one */
    bool has_ledger;                  /* there is one of the last run … */
    bool is_damaged;                  /* … and it was found not to be what it was */
    bool ledger_is_new;               /* this run's is another … */
    bool ledger_is_small;             /* … which was made from the last one */
    struct ledger_change change;
    struct statistics_source source; /* of the new ledger */
    bool *kept_details;              /* owned; by board: it stays as it was published */
    bool has_touched;                /* only these classes have statistics that may have changed: */
    uint32_t *touched_classes;       /* owned */
    uint32_t touched_class_count;
    bool has_manifest; /* of the last run, and its basis: */
    uint8_t previous_basis[MANIFEST_BASIS_SIZE];
    struct manifest manifest; /* of the last run, then of this one */
    bool stands;              /* what the last run published is what this one would publish */
};

/* Publishes. False: the guard knows why. Exits, with a message, where there is no store. */
bool export_run(struct export *run);

/* True after a run that failed because of what an earlier one had kept: another try with `full` may do. */
bool export_was_misled(const struct export *run);

/* What the run found and did, but for time and memory. */
struct report export_report(const struct export *run);

/* Releases everything; what was not published is removed. */
void export_close(struct export *run, bool published);

#endif
