#ifndef R3E_EXPORTER_LEDGER_FILE_H
#define R3E_EXPORTER_LEDGER_FILE_H
/* The ledger's files beside the store (ledger.h): taking what the last run left, and leaving one for the
 * next.
 *
 * LEDGER_NAME is a header, and behind it as they lie in memory boards, persons, results and the rosters'
 * items; each of these parts has a hash in the header, and the header one of itself. It counts only for the
 * program that wrote it (another build may lay things out otherwise), and with the files of rows and cards
 * that have its random number. All numbers are then looked at before they are used.
 *
 * Two exporters of one store, with public folders of their own, must not write the same files: the store's
 * folder is locked (flock), and whoever does not get the lock makes do without a ledger. */
#include <limits.h>
#include <stdbool.h>

#include "exporter/ledger.h"
#include "exporter/publish.h"

struct ledger_files {
    const char *store;   /* borrowed */
    int folder_fd;       /* owned; locked; -1: the files are not ours */
    bool logs_are_fresh; /* the new ledger's rows and cards are in files that are not in their places yet */
    bool is_written;     /* LEDGER_NAME too */
    bool logs_are_elsewhere; /* … or in none that could be kept */
};

/* Locks the store's folder. Whether that went well shows in nothing but what the next two do. */
struct ledger_files ledger_files_open(const char *store);

void ledger_files_close(struct ledger_files *files);

/* Reads what the last run left into `ledger` (made by ledger_make). False: there is none, or (with a warning)
 * none that can be used. */
bool ledger_files_load(struct ledger_files *files, struct ledger *ledger);

/* Gives `ledger` a file for rows: that of `old`, to append to, or (NULL) a new one, beside the store or,
 * where nothing can be written there, without a name in the public folder. False: the guard knows why. */
bool ledger_files_logs(struct ledger_files *files, struct ledger *ledger, const struct ledger *old,
    struct publication *publication);

/* Writes LEDGER_NAME out of sight; not where rows and cards are not beside the store. A failure is a warning.
 */
void ledger_files_write(struct ledger_files *files, const struct ledger *ledger);

/* Puts what was written, if anything was, in its place for the next run. A failure is a warning. */
void ledger_files_keep(struct ledger_files *files);

#endif
