#ifndef R3E_EXPORTER_ROSTER_FILE_H
#define R3E_EXPORTER_ROSTER_FILE_H
/* Published files whose items are groups of a roster.
 *
 * A driver with many rows is several items, of ROSTER_FILE_ROWS rows each: one board that changes then costs
 * no more than the rows around it. What such an item reads like follows from the boards and from who the
 * driver is, so its digest is made of the boards' checksums. Groups of several people, and people with
 * several names or more than one row on a board, are one item each, with the digest of all their rows. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/group_reader.h"
#include "exporter/publish.h"

#define ROSTER_FILE_ROWS 16u

struct roster_file {
    enum roster_kind kind;
    bool rows;   /* rows are read, not cards only */
    bool counts; /* without rows: how many results a member has is told (group_reader_results) */
    const char *head, *tail;
    uint32_t item_bytes; /* about how long an item is, without … */
    uint32_t each_bytes; /* … this for each row or, without rows, each member */
    /* A group, or of one whose rows are listed (group_reader_list) those from `from` to before `to`: the key
     * goes before the first one, and what ends the group behind the last. */
    void (*append)(struct group_reader *reader, uint32_t from, uint32_t to, struct buffer *out);
};

#define ROSTER_FILE_PATH 64u

struct roster_file_plan {
    const struct roster_file *file;
    char path[ROSTER_FILE_PATH];
    /* Groups that begin from ranges[0] to before ranges[1], then from ranges[2] to before ranges[3]. */
    uint32_t ranges[4];
};

/* Makes them beside each other, and takes them up in this order. Unless `keep`, a roster is dropped with the
 * last file that is made from it. False: the guard knows why. */
bool roster_files_write(struct publication *publication, const struct roster_file_plan *plans, uint32_t count,
    struct ledger *ledger, bool keep, unsigned threads);

#endif
