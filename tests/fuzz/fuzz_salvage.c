/* A damaged data.mdb: its structure is walked and what is left of it is looked for. Begin with the file of a
 * small store. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/file.h"
#include "common/lmdb_walk.h"
#include "coordinator/salvage_scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_entry(void *context, const struct lmdb_entry *entry)
{
    const struct lmdb_file *file = context;
    /* Whatever is told lies in the file. */
    if (entry->value.offset + entry->value.length > file->bytes)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64], error[LMDB_ERROR_SIZE];
    struct lmdb_file file;
    struct salvage_scan scan;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, data, size))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!lmdb_file_open(&file, path, error))
        abort();
    struct lmdb_walk_events events = {.entry = on_entry, .context = &file};
    lmdb_file_problem(&file);
    for (unsigned i = 0; i < file.meta_count; i++)
        lmdb_walk(&file, &file.metas[i], &events);
    salvage_scan_run(&scan, &file);
    salvage_scan_free(&scan);
    lmdb_file_close(&file);
    close(fd);
    return 0;
}
