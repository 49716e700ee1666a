#ifndef R3E_EXPORTER_ROSTER_FILE_H
#define R3E_EXPORTER_ROSTER_FILE_H
/* A published file whose items are groups of a roster. */
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

/* Items from `ranges[0]` to before `ranges[1]`, then from `ranges[2]` to before `ranges[3]`. False: the guard
 * knows why. */
bool roster_file_write(struct publication *publication, const char *path, const struct roster_file *file,
    struct ledger *ledger, const uint32_t ranges[static 4], unsigned threads);

#endif
