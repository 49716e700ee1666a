#ifndef R3E_COORDINATOR_STATUS_FILE_H
#define R3E_COORDINATOR_STATUS_FILE_H
/* `status.json` in the public folder (FORMATS). */
#include <limits.h>

#include "common/buffer.h"
#include "coordinator/status_measure.h"
#include "coordinator/status_sources.h"

struct status_file {
    char path[PATH_MAX];
    struct buffer content;  /* owned */
    unsigned failed_writes; /* in a row */
};

/* Removes what a process that died left beside it. Exits with a message if the path is too long. */
struct status_file status_file_make(const char *public_dir);
void status_file_free(struct status_file *file);

/* Writes it, the folders above it too if they are missing (the public folder can be deleted at any time). A
 * failure is logged at powers of two and stops nothing. */
void status_file_write(struct status_file *file, const struct status_sources *from,
    const struct status_measure *measure, const struct status_moment *at);

#endif
