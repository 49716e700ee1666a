/* Any answer of the service, as one page or cut in two: what counts as a listing makes a board that the
 * coordinator would take, and a detail document that is JSON with as many rows. */
#include <assert.h>
#include <stdlib.h>
#include <zlib.h>

#include "common/board.h"
#include "worker/content.h"

#define TREE_LIMIT ((size_t)16 * 1024 * 1024)
#define BODY_LIMIT ((size_t)4 * 1024 * 1024)
#define OUT_LIMIT  ((size_t)64 * 1024 * 1024)

static const struct message_job job = {.lease = 1, .track_id = 1, .class_id = 2, .track_name = "T"};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_page(struct content *content, struct arena *arena, const uint8_t *data, size_t size)
{
    struct listing listing;
    char problem[PROTOCOL_TEXT_SIZE];
    struct buffer body = buffer_make(BODY_LIMIT);
    buffer_append(&body, data, size);
    enum failure failure = listing_parse(&listing, arena, &body, problem);
    assert(failure == FAILURE_NONE || problem[0]);
    if (failure == FAILURE_NONE)
        assert(content_add_page(content, &listing, arena));
    buffer_free(&body);
    arena_reset(arena, 0);
}

static void check_detail(struct buffer *detail, uint32_t rows)
{
    struct buffer json = buffer_make(OUT_LIMIT);
    uint8_t *to = buffer_reserve(&json, OUT_LIMIT / 2);
    z_stream stream = {.next_in = detail->data,
        .avail_in = (uInt)detail->length,
        .next_out = to,
        .avail_out = OUT_LIMIT / 2};
    assert(inflateInit2(&stream, MAX_WBITS + 16) == Z_OK);
    assert(inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0);
    cJSON *root = cJSON_ParseWithLength((const char *)to, stream.total_out);
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "track_info");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(info, "Data");
    /* The document is three levels deeper than a row, and cJSON reads a thousand. */
    assert(!root || (uint32_t)cJSON_GetArraySize(list) == rows);
    cJSON_Delete(root);
    inflateEnd(&stream);
    buffer_free(&json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_arena_install();
    struct arena arena = arena_make(TREE_LIMIT);
    struct content *content = content_open();
    struct buffer rows = buffer_make(OUT_LIMIT), detail = buffer_make(OUT_LIMIT);
    uint8_t hash[RECORD_HASH_SIZE];
    uint32_t count;
    const char *problem;
    content_begin(content, &job);
    add_page(content, &arena, data, size);
    add_page(content, &arena, data, size / 2);
    add_page(content, &arena, data + size / 2, size - size / 2);
    assert(content_finish(content, hash) && content_encode(content, &rows, &detail));
    assert(board_validate(rows.data, rows.length, &count, &problem) && count == content_entries(content));
    check_detail(&detail, count);
    buffer_free(&rows);
    buffer_free(&detail);
    content_close(&content);
    arena_free(&arena);
    return 0;
}
