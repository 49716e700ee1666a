/* A worker's own part of a job, without network and coordinator: parse, normalise, write, compress.
 *
 *     digest_pages FILE ROUNDS        pages as tests/bench/pages saves them: "TRACK CLASS LENGTH\n", then so
 * many bytes, again and again
 *
 * Prints the CPU seconds of each part, the least of all rounds, which a busy machine changes by a hundredth.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/arena.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "worker/content.h"
#include "worker/json_arena.h"
#include "worker/listing.h"
#include "worker/worker_heap.h"

#define FILE_MOST ((size_t)1 << 30)
#define TREE_MOST ((size_t)48 * 1024 * 1024)
#define TREE_KEEP ((size_t)6 * 1024 * 1024)

enum part { PART_PARSE, PART_ROWS, PART_COMPRESS, PARTS };

struct bench {
    struct content *content;
    struct arena tree;
    struct buffer body, rows, detail;
    double spent_s[PARTS];
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void digest(struct bench *bench, const struct message_job *job, const char *page, size_t length)
{
    char problem[PROTOCOL_TEXT_SIZE];
    uint8_t hash[RECORD_HASH_SIZE];
    struct listing listing;
    buffer_clear(&bench->body);
    buffer_clear(&bench->rows);
    buffer_clear(&bench->detail);
    buffer_append(&bench->body, page, length);
    content_begin(bench->content, job);
    double begun = cpu_s();
    if (listing_parse(&listing, &bench->tree, &bench->body, problem) != FAILURE_NONE)
        log_fatal("page of %" PRIu64 "-%" PRIu64 ": %s", job->track_id, job->class_id, problem);
    double parsed = cpu_s();
    if (!content_add_page(bench->content, &listing, &bench->tree))
        log_fatal("page of %" PRIu64 "-%" PRIu64 ": too large", job->track_id, job->class_id);
    arena_reset(&bench->tree, TREE_KEEP);
    double added = cpu_s();
    if (!content_finish(bench->content, hash) ||
        !content_encode(bench->content, &bench->rows, &bench->detail))
        log_fatal("page of %" PRIu64 "-%" PRIu64 ": too large", job->track_id, job->class_id);
    bench->spent_s[PART_PARSE] += parsed - begun;
    bench->spent_s[PART_ROWS] += added - parsed;
    bench->spent_s[PART_COMPRESS] += cpu_s() - added;
}

static unsigned digest_all(struct bench *bench, const struct buffer *file)
{
    const char *at = (const char *)file->data, *end = at + file->length;
    unsigned pages = 0;
    while (at < end) {
        struct message_job job = {
            .lease = 1, .attempt = 1, .track_name = "Brands Hatch - Indy", .issued_at_ms = 1767434400000};
        char *behind;
        job.track_id = strtoull(at, &behind, 10);
        job.class_id = strtoull(behind, &behind, 10);
        size_t length = strtoull(behind, &behind, 10);
        if (*behind != '\n' || length >= (size_t)(end - behind))
            log_fatal("page %u does not begin with track, class and length", pages);
        digest(bench, &job, behind + 1, length);
        at = behind + 1 + length;
        pages++;
    }
    return pages;
}

int main(int argc, char **argv)
{
    long rounds = argc == 3 ? strtol(argv[2], NULL, 10) : 0;
    if (rounds < 1) {
        fprintf(stderr, "usage: digest_pages FILE ROUNDS\n");
        return 2;
    }
    json_arena_install();
    worker_heap_settle();
    worker_heap_grow();
    struct bench bench = {.content = content_open(),
        .tree = arena_make(TREE_MOST),
        .body = buffer_make(FILE_MOST),
        .rows = buffer_make(PROTOCOL_PAYLOAD_MAX),
        .detail = buffer_make(PROTOCOL_PAYLOAD_MAX)};
    struct buffer file = buffer_make(FILE_MOST);
    char error[FILE_ERROR_SIZE];
    if (!file_read(argv[1], &file, error))
        log_fatal("%s", error);
    buffer_string(&file); /* numbers end there */
    double least_s[PARTS] = {0};
    unsigned pages = 0;
    for (long round = 0; round < rounds; round++) {
        for (enum part part = 0; part < PARTS; part++)
            bench.spent_s[part] = 0;
        pages = digest_all(&bench, &file);
        for (enum part part = 0; part < PARTS; part++)
            if (!round || bench.spent_s[part] < least_s[part])
                least_s[part] = bench.spent_s[part];
    }
    printf("%u %.4f %.4f %.4f\n", pages, least_s[PART_PARSE], least_s[PART_ROWS], least_s[PART_COMPRESS]);
    content_close(&bench.content);
    arena_free(&bench.tree);
    buffer_free(&bench.body);
    buffer_free(&bench.rows);
    buffer_free(&bench.detail);
    buffer_free(&file);
    return 0;
}
