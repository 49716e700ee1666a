#ifndef R3E_EXPORTER_DURABLE_H
#define R3E_EXPORTER_DURABLE_H
/* Has files and folders reach the disk.
 *
 * syncfs does that for any number of files at once, but also waits for all that others have written to the
 * same file system, be it gigabytes. So few files are synced one by one, after all of them have been told to
 * begin; many, as after a full export, by syncfs.
 *
 * Paths are relative to root_fd. Functions that return false have set errno. */
#include <stdbool.h>
#include <stdint.h>

/* More files than this are synced by syncfs: each costs the disk a write or two of its own. */
#define DURABLE_SINGLE_MAX 200u

/* Has a file that was just written begin to reach the disk, without waiting, if it is large. Where the system
 * cannot do it nothing happens. */
void durable_begin(int fd);

/* Waits until the content of a file has reached the disk; a symbolic link has none. */
bool durable_file(int root_fd, const char *path);

/* Waits until the names in the folder that holds `path` have. A folder that is gone needs no sync. */
bool durable_folder_of(int root_fd, const char *path);

#endif
