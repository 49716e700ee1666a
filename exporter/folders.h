#ifndef R3E_EXPORTER_FOLDERS_H
#define R3E_EXPORTER_FOLDERS_H
/* Folders of the public tree: making them, listing them, and removing what dead runs left in them.
 *
 * Everything an exporter has not put in its place yet has a name that begins with FOLDERS_TEMPORARY.
 * Functions that return false have set errno. */
#include <limits.h>
#include <stdbool.h>

#define FOLDERS_TEMPORARY ".r3e-tmp-"
#define FOLDERS_MODE      0755

/* Makes `path` and the folders above it, as `mkdir -p`. */
bool folders_make(const char *path);

/* `path` with FOLDERS_TEMPORARY before its last part. */
bool folders_temporary_path(const char *path, char out[static PATH_MAX]);

/* Removes a temporary file or folder; the latter has one level only. */
void folders_remove_temporary(int folder_fd, const char *name);

/* Calls `visit` (may be NULL) with the name of each entry of root_fd/path in no order; temporary names are
 * left out and, with `sweep`, removed. A missing folder has no entries. */
typedef void (*folders_visitor)(void *context, const char *name);
bool folders_list(int root_fd, const char *path, bool sweep, folders_visitor visit, void *context);

#endif
