#ifndef R3E_BENCH_CANNED_BOARD_H
#define R3E_BENCH_CANNED_BOARD_H
/* A small board as a worker would send it, in two states: so that each fetch of it finds a change. */
#include "common/buffer.h"
#include "common/protocol.h"

#define CANNED_ROWS 5u

struct canned_board {
    struct buffer rows, detail; /* owned */
    char hash[PROTOCOL_HASH_SIZE];
};

/* Different states have different rows. */
struct canned_board canned_board_make(unsigned state);
void canned_board_free(struct canned_board *board);

/* The result of a job that found this board; the detail is the same for all combinations. */
struct message canned_board_result(
    const struct canned_board *board, const struct message_job *job, const char *worker);

#endif
