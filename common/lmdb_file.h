#ifndef R3E_COMMON_LMDB_FILE_H
#define R3E_COMMON_LMDB_FILE_H
/* Reads LMDB's data.mdb without LMDB, and without trusting a byte of it.
 *
 * LMDB 0.9 follows the page numbers and offsets it finds; on a damaged file it dies (SIGSEGV, SIGBUS, an
 * assertion), turns in circles, or overwrites what it takes for free. So nobody of ours shows it a file whose
 * structure was not looked through with this (lmdb_walk.h). Everything is bounds-checked and read with
 * pread(2), so that a disk error is an error and no signal. For a file that nobody writes to, or a snapshot
 * that a read transaction holds.
 *
 * Format: LMDB 0.9 as in its lmdb.h and mdb.c (struct MDB_page, MDB_meta, MDB_db, MDB_node), on a machine
 * with 64-bit words and little-endian numbers, where LMDB itself could read it. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buffer.h"

#define LMDB_PAGE_MIN    512u
#define LMDB_PAGE_MAX    65536u
#define LMDB_PAGE_HEADER 16u
#define LMDB_NODE_HEADER 8u
#define LMDB_KEY_MAX     511u
#define LMDB_NO_PAGE     UINT64_MAX
#define LMDB_ERROR_SIZE  400

enum lmdb_page_flags { LMDB_BRANCH = 1, LMDB_LEAF = 2, LMDB_OVERFLOW = 4, LMDB_META = 8 };
enum lmdb_node_flags { LMDB_BIG = 1, LMDB_SUB = 2 }; /* value on pages of its own; value is a database */

/* What a database's descriptor says of it (struct MDB_db). */
struct lmdb_tree {
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries;
    uint64_t root; /* LMDB_NO_PAGE: empty */
};

#define LMDB_TREE_SIZE 48u

struct lmdb_meta {
    struct lmdb_tree free, main;
    uint64_t last_page, transaction;
    unsigned page; /* where it stands: 0 or 1 */
};

struct lmdb_file {
    int fd;
    uint32_t page_size;
    uint64_t bytes;
    uint64_t pages;            /* whole ones in the file */
    struct lmdb_meta metas[2]; /* the sound ones, newest first */
    unsigned meta_count;
    bool is_lmdb; /* at least one of the two places of a meta page has LMDB's magic number */
};

/* Opens a file and reads its meta pages. False: it cannot be opened or read; `error` names the path and the
 * cause. A file without a sound meta page is opened all the same. */
bool lmdb_file_open(struct lmdb_file *file, const char *path, char error[static LMDB_ERROR_SIZE]);
void lmdb_file_close(struct lmdb_file *file);

/* What is wrong with the meta pages, so that LMDB must not see them; NULL: nothing. A constant string. */
const char *lmdb_file_problem(const struct lmdb_file *file);

/* Reads a page into `out[page_size]`. False: it is beyond the end, or the disk says no. */
bool lmdb_file_read_page(const struct lmdb_file *file, uint64_t page, uint8_t *out);

/* As above, its header alone. */
bool lmdb_file_read_header(const struct lmdb_file *file, uint64_t page, uint8_t out[static LMDB_PAGE_HEADER]);

/* As lmdb_file_read_page, but of a page that is cut off by the end of the file reads what is there, and
 * zeroes behind it.
 */
bool lmdb_file_read_rest(const struct lmdb_file *file, uint64_t page, uint8_t *out);

/* Where a value lies in the file. */
struct lmdb_place {
    uint64_t offset;
    uint32_t length;
};

/* Appends a value. False: it is not all there, or too large for the buffer. */
bool lmdb_file_read(const struct lmdb_file *file, struct lmdb_place place, struct buffer *out);

/* ---- pages in memory ---- */

uint64_t lmdb_page_number(const uint8_t *page);
unsigned lmdb_page_flags(const uint8_t *page);

/* Overflow pages only: how many the run has. */
uint32_t lmdb_page_run(const uint8_t *page);

struct lmdb_node {
    unsigned flags;
    const uint8_t *key;
    uint32_t key_length;
    uint64_t child;      /* branch pages */
    uint32_t length;     /* leaf pages: of the value */
    const uint8_t *data; /* the value, or the number of its first page (LMDB_BIG) */
    uint32_t size;       /* bytes that the node takes in its page */
};

/* Reads what stands at `at` as a node of a leaf (or branch) page. False: it would not fit into the page. */
bool lmdb_node_read(
    const uint8_t *page, uint32_t page_size, uint32_t at, bool is_leaf, struct lmdb_node *node);

/* Number of the first page of a LMDB_BIG node's value. */
uint64_t lmdb_node_big(const struct lmdb_node *node);

/* How many nodes a branch or leaf page has, and all of them sound: header of its own number and of one of the
 * two kinds, every node inside, none overlapping. 0: it is not so, `*problem` says what. */
unsigned lmdb_page_check(const uint8_t *page, uint32_t page_size, uint64_t number, const char **problem);

/* The place of node `index` of a page that lmdb_page_check found sound. */
uint32_t lmdb_page_node_at(const uint8_t *page, unsigned index);

/* Reads a descriptor of LMDB_TREE_SIZE bytes. */
struct lmdb_tree lmdb_tree_read(const uint8_t *bytes);

#endif
