#ifndef R3E_COORDINATOR_CTL_STORE_BACKUP_H
#define R3E_COORDINATOR_CTL_STORE_BACKUP_H
/* Copies a store as it is at one moment, while a coordinator may go on writing to it.
 *
 * LMDB makes the copy from a snapshot, without the pages that are free (mdb_env_copyfd2, MDB_CP_COMPACT), but
 * trusts what it reads: so the store's structure is looked at before, and the copy from end to end before it
 * takes the place of an earlier one. The target folder is a store then: its data.mdb is the old one or the
 * new one at any moment, also after a power cut. Of what the exporter keeps beside a store nothing is copied;
 * it is made anew. */
#include <stdbool.h>

#include "coordinator/ctl/store_check.h"

/* `to` is made if it does not exist; of what is in it only an earlier backup is replaced, and a folder with
 * anything else is refused. `events` hears of problems and progress, first of the store, then of the copy.
 * False: there is no new backup, `error` says why. True: `copied` says what it holds; broken records are
 * copied as they are. */
bool store_backup_run(const char *folder, const char *to, const struct store_check_events *events,
    struct store_check *copied, char error[static STORE_CHECK_ERROR_SIZE]);

#endif
