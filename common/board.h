#ifndef R3E_COMMON_BOARD_H
#define R3E_COMMON_BOARD_H
/* The rows of one board (one track layout and one car class) as they travel from worker to coordinator and
 * lie in the store: a run of MessagePack objects, so that a reader takes row by row and holds none:
 *
 *     header   [ 1 (format), row count, [shared string, …] ]
 *     row      [ position, time_diff_us, name, path_id, avatar, laptime, date_time,
 *                country, car, car_class, team, rank, difficulty ]          × row count
 *
 * The last six of a row repeat a great deal within a board and are numbers: places in the header's list of
 * shared strings, of which each stands there once. Rows are in rank order. All strings are valid UTF-8. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buffer.h"
#include "common/pack_reader.h"

#define BOARD_FORMAT        1
#define BOARD_ROWS_MAX      150000u /* max_pages 100 × page_size 1500 */
#define BOARD_SHARED_MAX    (BOARD_ROWS_MAX * 6u)
#define BOARD_TEXT_MAX      65535u /* bytes of any string of a row; the worker cuts longer ones */
#define BOARD_POSITION_MAX  1000000000u
#define BOARD_TIME_DIFF_MAX ((uint64_t)1000000 * 86400 * 365) /* microseconds: a year */

/* The shared columns of a row, in their order on the wire. */
enum board_column {
    BOARD_COUNTRY,
    BOARD_CAR,
    BOARD_CAR_CLASS,
    BOARD_TEAM,
    BOARD_RANK,
    BOARD_DIFFICULTY,
    BOARD_COLUMNS
};

struct board_row {
    uint32_t position;     /* one-based */
    uint64_t time_diff_us; /* gap to the leader in microseconds; 0 for the leader or where unknown */
    struct text name;      /* verbatim; empty: counted but not indexed */
    struct text path_id;   /* the digits that identify the person; may be empty */
    struct text avatar;
    struct text laptime;            /* verbatim */
    struct text date_time;          /* verbatim */
    uint32_t shared[BOARD_COLUMNS]; /* places in the list of shared strings */
};

/* ---- writing (worker) ---- */

struct board_writer {
    struct buffer rows;  /* the packed rows so far */
    struct arena *arena; /* borrowed: shared strings and their hash table live there */
    struct text *shared; /* list of distinct strings, in order of first use */
    uint32_t shared_count, shared_capacity;
    uint32_t *slots; /* open-addressing hash table of places + 1 */
    uint32_t slot_count;
    uint32_t row_count;
    bool failed; /* a limit was passed or the arena is full */
};

/* `limit` bounds the packed rows in bytes. `arena` must not be reset before board_writer_free. */
void board_writer_open(struct board_writer *writer, struct arena *arena, size_t limit);

void board_writer_free(struct board_writer *writer);

/* The place of `string` in the shared list, added if it is new (and copied into the arena). */
uint32_t board_writer_share(struct board_writer *writer, struct text string);

/* Appends a row. Texts are copied. */
void board_writer_add(struct board_writer *writer, const struct board_row *row);

/* Writes header and rows to `out` (cleared first). False if a limit was passed on the way. */
bool board_writer_finish(struct board_writer *writer, struct buffer *out);

/* ---- reading (coordinator: validation; exporter) ---- */

struct board_reader {
    struct pack_reader pack;
    uint32_t row_count;
    uint32_t rows_read;
    uint32_t shared_count;
    struct pack_reader shared; /* stands at the first shared string */
};

/* Opens and checks the header. False: not a board of a format we know. `bytes` must outlive the reader. */
bool board_reader_open(struct board_reader *reader, const void *bytes, size_t length);

/* Copies the places of the shared strings to `out[shared_count]`. The reader keeps its place in the rows. */
void board_reader_shared(const struct board_reader *reader, struct text *out);

/* The next row; false after the last one, or where the data is broken (`reader->pack.failed`). Every shared
 * place is below shared_count. */
bool board_reader_next(struct board_reader *reader, struct board_row *row);

/* Walks everything: header, every row, UTF-8 of every string, nothing behind the last row. For data that
 * comes from outside. On false `*problem` is a constant string that says what is wrong. */
bool board_validate(const void *bytes, size_t length, uint32_t *row_count, const char **problem);

#endif
