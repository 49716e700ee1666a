#ifndef R3E_COMMON_FILE_H
#define R3E_COMMON_FILE_H
/* Whole small files: read within a limit, replaced atomically and durably.
 *
 * Functions that return false fill `error` with a sentence that names the path and the cause. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buffer.h"

#define FILE_ERROR_SIZE 512

/* Replaces the content of `out` by that of the regular file at `path`. The limit is the buffer's: a file that
 * does not fit is an error and leaves `out` empty. Anything but a regular file (folder, pipe, device) is an
 * error, so this never blocks for a peer. */
bool file_read(const char *path, struct buffer *out, char error[static FILE_ERROR_SIZE]);

/* Makes `path` hold exactly these bytes with permission bits `mode`: temporary file in the same folder,
 * fsync, rename, fsync of the folder. A reader sees the old file or the new one, a power cut leaves one of
 * them. A symbolic link at `path` is replaced, not followed. On failure the old file is untouched and the
 * temporary one removed. */
bool file_write_atomic(
    const char *path, const void *bytes, size_t length, mode_t mode, char error[static FILE_ERROR_SIZE]);

/* The same without any sync: a reader sees the old file or the new one, but a power cut may leave anything.
 * For what its reader checks and can do without. */
bool file_write_unsynced(
    const char *path, const void *bytes, size_t length, mode_t mode, char error[static FILE_ERROR_SIZE]);

/* Removes the temporary files that writers of `path` left when they were killed. Only the one process that
 * writes `path` may call this: another's file would be taken away from it. Finding nothing, or nothing
 * readable, is no error. */
void file_sweep_temporary(const char *path);

/* Opens the folder that holds `path` (O_DIRECTORY, close on exec) and points `*name` at the last part of
 * `path`. -1 with errno set on failure; EINVAL where the last part is empty, `.` or `..`. */
int file_open_parent(const char *path, const char **name);

/* Writes everything, across short writes and EINTR. False with errno set. */
bool file_write_all(int fd, const void *bytes, size_t length);

/* Reads or writes all `length` bytes at `offset`, across short ones and EINTR; the descriptor's own offset
 * stays. False with errno set, to 0 where the file ends before. */
bool file_read_at(int fd, void *bytes, size_t length, uint64_t offset);
bool file_write_at(int fd, const void *bytes, size_t length, uint64_t offset);

/* `path` as it is if absolute, else `folder` + "/" + `path`. False if that does not fit into `out`. */
bool file_resolve(const char *folder, const char *path, char *out, size_t size);

#endif
