#include "tests/bench/canned_board.h"

#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "common/arena.h"
#include "common/board.h"
#include "common/gzip.h"
#include "common/json_writer.h"
#include "common/log.h"

#define BYTES_MOST ((size_t)256 * 1024)

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void add_row(struct board_writer *writer, unsigned place, unsigned state)
{
    char name[48], path_id[16], laptime[16];
    if (snprintf(name, sizeof name, "Driver of the Benchmark %u", place) < 0 ||
        snprintf(path_id, sizeof path_id, "%u", 5000000 + 7919 * place) < 0 ||
        snprintf(laptime, sizeof laptime, "1m 3%u.%03us", place % 10, 100 * place + state) < 0)
        log_fatal("canned board: a row");
    struct board_row row = {.position = place,
        .time_diff_us = (uint64_t)(place - 1) * 100000,
        .name = text_of(name),
        .path_id = text_of(path_id),
        .avatar = text_of("https://prod.r3eassets.com/assets/common/img/avatar.png"),
        .laptime = text_of(laptime),
        .date_time = text_of("2026-01-03T10:00:00"),
        .shared = {board_writer_share(writer, text_of("Germany")),
            board_writer_share(writer, text_of("BMW M4 GT3")), board_writer_share(writer, text_of("GTR 3")),
            board_writer_share(writer, text_of("")), board_writer_share(writer, text_of("B")),
            board_writer_share(writer, text_of("Get Real"))}};
    board_writer_add(writer, &row);
}

/* What stands in it is nobody's concern but the compressor's. */
static void make_detail(struct canned_board *board, unsigned state)
{
    struct buffer json = buffer_make(BYTES_MOST);
    struct json_writer writer = json_writer_make(&json);
    struct gzip_compressor *compressor = gzip_compressor_open();
    json_object_begin(&writer);
    json_key(&writer, "state");
    json_uint(&writer, state);
    json_key(&writer, "Data");
    json_array_begin(&writer);
    for (unsigned place = 1; place <= CANNED_ROWS; place++) {
        json_object_begin(&writer);
        json_key(&writer, "index");
        json_uint(&writer, place);
        json_key(&writer, "driver");
        json_string(&writer, "Driver of the Benchmark");
        json_key(&writer, "path");
        json_uint(&writer, (uint64_t)5000000 + (uint64_t)7919 * place);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
    if (!gzip_append_member(compressor, json.data, json.length, &board->detail))
        log_fatal("canned board: the detail is too large");
    gzip_compressor_close(&compressor);
    buffer_free(&json);
}

struct canned_board canned_board_make(unsigned state)
{
    struct canned_board board = {.rows = buffer_make(BYTES_MOST), .detail = buffer_make(BYTES_MOST)};
    struct arena arena = arena_make(BYTES_MOST);
    struct board_writer writer;
    board_writer_open(&writer, &arena, BYTES_MOST);
    for (unsigned place = 1; place <= CANNED_ROWS; place++)
        add_row(&writer, place, state);
    if (!board_writer_finish(&writer, &board.rows))
        log_fatal("canned board: the rows are too many");
    board_writer_free(&writer);
    arena_free(&arena);
    make_detail(&board, state);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(board.rows.data, board.rows.length));
    protocol_hash_to_hex(hash.digest, board.hash);
    return board;
}

void canned_board_free(struct canned_board *board)
{
    buffer_free(&board->rows);
    buffer_free(&board->detail);
}

struct message canned_board_result(
    const struct canned_board *board, const struct message_job *job, const char *worker)
{
    struct message message = {.type = MESSAGE_RESULT,
        .result = {.lease = job->lease,
            .attempt = job->attempt,
            .track_id = job->track_id,
            .class_id = job->class_id,
            .outcome = OUTCOME_CHANGED,
            .failure = FAILURE_NONE,
            .http_status = 200,
            .pages = 1,
            .requests = 1,
            .entries = CANNED_ROWS,
            .bytes = 4096}};
    memcpy(message.result.content_hash, board->hash, sizeof board->hash);
    memcpy(message.result.worker, worker, strnlen(worker, sizeof message.result.worker - 1));
    return message;
}
