#ifndef R3E_EXPORTER_SAME_FILE_H
#define R3E_EXPORTER_SAME_FILE_H
/* Whether the file that is there holds what is to be published. Compared byte by byte; any doubt about the
 * file (no regular one, unreadable, shorter while it is read) makes it another. SAME_FILE_UNKNOWN, with
 * errno: this process has no descriptor or memory left to look.
 *
 * `*status` is filled with the state of the file from before it was read where it is the same. */
#include <stddef.h>
#include <sys/stat.h>

#include "common/pack_reader.h"

enum same_file { SAME_FILE, SAME_FILE_NOT, SAME_FILE_UNKNOWN };

/* Does root_fd/path hold exactly these bytes? */
enum same_file same_file_bytes(int root_fd, const char *path, struct text content, struct stat *status);

/* Does root_fd/path hold exactly the `size` bytes of the open file `fd`? */
enum same_file same_file_open(int root_fd, const char *path, int fd, size_t size, struct stat *status);

#endif
