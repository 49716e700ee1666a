#ifndef R3E_COORDINATOR_STORE_FILES_H
#define R3E_COORDINATOR_STORE_FILES_H
/* The files in the store's folder, before LMDB opens them: the lock, what a dead coordinator left behind, and
 * whether data.mdb can be shown to LMDB at all. This is the one place that cleans up in that folder. */
#include <stddef.h>

/* Makes `folder` if it is missing, and takes the lock `coordinator.lock` in it; the kernel releases it
 * however the process ends. Returns its descriptor. Exits with a message if the folder is not usable or
 * another coordinator has the lock. */
int store_files_lock(const char *folder);

/* Under the lock: removes a half-built file of an earlier salvage and looks through the structure of data.mdb
 * (lmdb_walk.h). If that is damaged, says so, and puts what can be saved in its place (salvage.h). Exits with
 * a message if the file is none of this program. */
void store_files_mend(const char *folder, size_t map_size_mb);

/* Gives lock.mdb its blocks: LMDB writes it through a map, where a full disk is no error but SIGBUS. Exits
 * with a message if there is no room. */
void store_files_reserve(const char *folder);

#endif
