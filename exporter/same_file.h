#ifndef R3E_EXPORTER_SAME_FILE_H
#define R3E_EXPORTER_SAME_FILE_H
/* Whether the file that is there holds what is to be published. Compared byte by byte; any doubt (no regular
 * file, unreadable, shorter while it is read) is a no.
 *
 * `*status` is filled with the state of the file from before it was read where the answer is yes. */
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "common/pack_reader.h"

/* root_fd/path holds exactly these bytes. */
bool same_file_bytes(int root_fd, const char *path, struct text content, struct stat *status);

/* root_fd/path holds exactly the `size` bytes of the open file `fd`. */
bool same_file_open(int root_fd, const char *path, int fd, size_t size, struct stat *status);

#endif
