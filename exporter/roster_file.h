#ifndef R3E_EXPORTER_ROSTER_FILE_H
#define R3E_EXPORTER_ROSTER_FILE_H
/* Published files whose items are groups of a roster. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/group_reader.h"
#include "exporter/publish.h"

struct roster_file {
    enum roster_kind kind;
    bool rows; /* rows are read, not cards only */
    const char *head, *tail;
    uint32_t item_bytes; /* about how long an item is, without … */
    uint32_t each_bytes; /* … this for each row or, without rows, each member */
    void (*append)(struct group_reader *reader, struct buffer *out);
};

#define ROSTER_FILE_PATH 64u

struct roster_file_plan {
    const struct roster_file *file;
    char path[ROSTER_FILE_PATH];
    /* Groups that begin from ranges[0] to before ranges[1], then from ranges[2] to before ranges[3]. */
    uint32_t ranges[4];
};

/* Makes them beside each other. False: the guard knows why. */
bool roster_files_write(struct publication *publication, const struct roster_file_plan *plans, uint32_t count,
    struct ledger *ledger, unsigned threads);

#endif
