#ifndef R3E_EXPORTER_ITEM_WORK_H
#define R3E_EXPORTER_ITEM_WORK_H
/* One file of items while it is being made, run by run, by several threads.
 *
 * A run is a few segments that follow each other and are made and compressed, or that follow each other in
 * the published file too and are copied from there. A segment is compressed with what it needs of the one
 * before it in view, so whoever makes it must have the text of both. Runs are taken in order, made beside
 * each other, and written in order by whichever thread has the next one: nobody waits for a turn. At most
 * ITEM_WORK_SLOTS runs are under way, so memory is some compressed segments. Segments that were copied and
 * those that were made are the same bytes.
 *
 * item_work_take, item_work_next_to_write and item_work_done are called under the caller's mutex, the rest
 * outside of it. */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/buffer.h"
#include "common/gzip.h"
#include "exporter/guard.h"
#include "exporter/item_cut.h"
#include "exporter/item_file.h"
#include "exporter/publish.h"
#include "exporter/segments.h"

#define ITEM_WORK_SLOTS 8u

/* What a thread works with. */
struct item_hand {
    struct gzip_compressor *compressor; /* NULL until there is something to compress */
    /* Text of a segment, behind as much of the one before as it may refer to. */
    struct buffer text;
    bool filled; /* `text` ends with segment `segment` of file `file`, `segment_length` bytes long */
    uint32_t segment;
    size_t segment_length;
    bool is_packed; /* that one was the last that was compressed */
    bool opened;    /* the state of the file `file` */
    uint32_t file;
    void *state; /* what `open` of its list returned, and what closes it */
    void (*close)(void *state);
};

struct item_hand item_hand_open(void);
void item_hand_close(struct item_hand *hand);

struct item_run {
    uint32_t first, count; /* segments */
    uint32_t slot;
    struct buffer packed;
    bool copied, made;
};

struct item_work {
    struct publication *publication;
    struct guard *guard;
    char path[PATH_MAX];
    struct item_list list;
    struct item_cuts cuts;
    struct segment *segments;        /* of this run, by cut */
    uint32_t *source;                /* the published segment that is the same, or UINT32_MAX */
    const struct segments_file *old; /* NULL: unknown */
    int old_fd, fd;
    struct item_run runs[ITEM_WORK_SLOTS];
    uint32_t next_segment;         /* to be taken */
    uint32_t next_run, next_write; /* counted from 0: to be taken, to be written */
    bool writing;
    struct gzip_sum sum;
    uint32_t file;          /* the caller's: a number of its own for each file that a hand works on … */
    struct item_work *next; /* … and a list */
};

/* Finds out what is to be done. NULL: nothing, for the file stands as it is, or (the guard knows) it failed.
 */
struct item_work *item_work_open(
    struct publication *publication, const char *path, const struct item_list *list, struct guard *guard);

/* How many threads could make segments beside each other. */
uint32_t item_work_to_make(const struct item_work *work);

/* The next run, or NULL if there is none or no room for one now. */
struct item_run *item_work_take(struct item_work *work);

/* Has the run's bytes. False: the guard knows why. */
bool item_work_make(struct item_work *work, struct item_run *run, struct item_hand *hand);

/* After a run was made: the runs that can be written now, in order, are this thread's to write. Returns the
 * next of them, or NULL: another thread writes, or none is ready. Call until NULL, and item_work_write
 * outside the mutex after each. */
struct item_run *item_work_next_to_write(struct item_work *work, struct item_run *written);
bool item_work_write(struct item_work *work, const struct item_run *run);

/* Whether all is written. */
bool item_work_done(const struct item_work *work);

/* Ends and frees it; `whole`: item_work_done. False: the guard knows why. */
bool item_work_close(struct item_work *work, bool whole);

#endif
