#include "tests/unit/unit.h"

#include <string.h>

#include <xxhash.h>
#include <zlib.h>

#include "common/board.h"
#include "worker/content.h"
#include "worker/detail.h"

#define LIMIT ((size_t)256 * 1024 * 1024)

static const struct message_job job = {
    .lease = 1,
    .track_id = 1671,
    .class_id = 1703,
    .track_name = "Monza \"Circuit\"",
    .issued_at_ms = 1767434400000, /* 2026-01-03T10:00:00Z */
};

struct fixture {
    struct arena arena;
    struct content *content;
    struct buffer page, rows, detail, json;
    uint8_t hash[RECORD_HASH_SIZE];
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    if (!fixture)
        return -1;
    json_arena_install();
    fixture->arena = arena_make(LIMIT);
    fixture->content = content_open();
    fixture->page = buffer_make(LIMIT);
    fixture->rows = buffer_make(LIMIT);
    fixture->detail = buffer_make(LIMIT);
    fixture->json = buffer_make(LIMIT);
    content_begin(fixture->content, &job);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    content_close(&fixture->content);
    arena_free(&fixture->arena);
    buffer_free(&fixture->page);
    buffer_free(&fixture->rows);
    buffer_free(&fixture->detail);
    buffer_free(&fixture->json);
    free(fixture);
    return 0;
}

static void add_page(struct fixture *fixture, const char *entries)
{
    struct listing listing;
    char problem[PROTOCOL_TEXT_SIZE];
    buffer_clear(&fixture->page);
    buffer_append_string(&fixture->page, "{\"context\":{\"c\":{\"results\":[");
    buffer_append_string(&fixture->page, entries);
    buffer_append_string(&fixture->page, "]}}}");
    assert_int_equal(listing_parse(&listing, &fixture->arena, &fixture->page, problem), FAILURE_NONE);
    assert_true(content_add_page(fixture->content, &listing, &fixture->arena));
    arena_reset(&fixture->arena, 0);
}

/* zlib's own decompression; there is one member and nothing behind it. */
static void decompress(struct buffer *from, struct buffer *to)
{
    z_stream stream = {.next_in = from->data, .avail_in = (uInt)from->length};
    assert_int_equal(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
    int code = Z_OK;
    buffer_clear(to);
    while (code == Z_OK) {
        stream.next_out = buffer_reserve(to, 1 << 20);
        assert_non_null(stream.next_out);
        stream.avail_out = 1 << 20;
        code = inflate(&stream, Z_NO_FLUSH);
        to->length += (1 << 20) - stream.avail_out;
    }
    assert_int_equal(code, Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    inflateEnd(&stream);
}

/* The hash as its definition says: over the document without `cached_at`. */
static void check_hash(const struct fixture *fixture)
{
    static const char cached_at[] = "\"cached_at\":\"2026-01-03T10:00:00Z\",";
    size_t length = strlen(cached_at);
    const char *document = (const char *)fixture->json.data;
    const char *found = memmem(document, fixture->json.length, cached_at, length);
    assert_non_null(found);
    size_t before = (size_t)(found - document);
    char *rest = malloc(fixture->json.length);
    assert_non_null(rest);
    memcpy(rest, document, before);
    /* The comma in front of cached_at stands in front of track_name then. */
    memcpy(rest + before, found + length, fixture->json.length - before - length);
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(rest, fixture->json.length - length));
    assert_memory_equal(canonical.digest, fixture->hash, RECORD_HASH_SIZE);
    free(rest);
}

static const char *finish(struct fixture *fixture)
{
    buffer_clear(&fixture->rows);
    buffer_clear(&fixture->detail);
    assert_true(content_finish(fixture->content, fixture->hash));
    assert_true(content_encode(fixture->content, &fixture->rows, &fixture->detail));
    decompress(&fixture->detail, &fixture->json);
    check_hash(fixture);
    uint32_t row_count;
    const char *problem;
    assert_true(board_validate(fixture->rows.data, fixture->rows.length, &row_count, &problem));
    assert_int_equal(row_count, content_entries(fixture->content));
    return buffer_string(&fixture->json);
}

static void positions_are(const struct fixture *fixture, const char *expected)
{
    struct board_reader reader;
    struct board_row row;
    char text[200] = "";
    size_t length = 0;
    assert_true(board_reader_open(&reader, fixture->rows.data, fixture->rows.length));
    while (board_reader_next(&reader, &row))
        length += (size_t)snprintf(text + length, sizeof text - length, "%u%.*s ", row.position,
            (int)row.name.length, row.name.data);
    assert_string_equal(text, expected);
}

#define HEAD                                                                                                 \
    "{\"track_info\":{\"Name\":\"Monza "                                                                     \
    "\\\"Circuit\\\"\",\"TrackID\":\"1671\",\"ClassID\":\"1703\",\"Data\":["
#define TAIL                                                                                                 \
    "]},\"cached_at\":\"2026-01-03T10:00:00Z\",\"track_name\":\"Monza "                                      \
    "\\\"Circuit\\\"\",\"track_id\":\"1671\","                                                               \
    "\"entry_count\":"

static void an_empty_board(void **state)
{
    add_page(*state, "");
    assert_string_equal(finish(*state), HEAD TAIL "0}");
    positions_are(*state, "");
}

static void every_field_as_it_came(void **state)
{
    const char *rows =
        "{\"index\":0,\"b\":[1,-2,0.1,1e+300,-0.5,true,false,null,{},[]],\"a\":{\"x\":\"y\"},"
        "\"driver\":{\"name\":\"\xc3\xa9\\\"\\\\\\n\\u0001\xf0\x9f\x8f\x81\"},\"a\":7},{\"index\":1}";
    add_page(*state, rows);
    char expected[1000];
    assert_true(snprintf(expected, sizeof expected, "%s%s%s", HEAD, rows, TAIL "2}") < 1000);
    assert_string_equal(finish(*state), expected);
}

static void written_compact_and_mended(void **state)
{
    add_page(*state,
        " { \"u\" : \"\\u00e9\\/\\u001f\" , \"n\" : 1.0 , \"big\" : 9007199254740991 , \"m\" : -0.0, "
        "\"k\xff\" : \"\xff\" } ");
    assert_string_equal(finish(*state),
        HEAD "{\"u\":\"\xc3\xa9/\\u001f\",\"n\":1,\"big\":9007199254740991,\"m\":-0,"
             "\"k\xef\xbf\xbd\":\"\xef\xbf\xbd\"}" TAIL "1}");
}

static void sorted_by_place(void **state)
{
    add_page(*state,
        "{\"global_index\":3,\"driver\":{\"name\":\"c\"}},{\"global_index\":1,\"driver\":{\"name\":\"a\"}},"
        "{\"global_index\":3,\"driver\":{\"name\":\"d\"}},{\"global_index\":2,\"driver\":{\"name\":\"b\"}}");
    assert_false(content_is_disordered(((struct fixture *)*state)->content));
    finish(*state);
    positions_are(*state, "1a 2b 3c 3d ");
}

static void sorted_over_pages(void **state)
{
    struct fixture *fixture = *state;
    add_page(fixture, "{\"global_index\":3,\"x\":\",\"},{\"global_index\":5}");
    add_page(fixture,
        "{\"global_index\":1},{\"global_index\":5,\"driver\":{\"name\":\"z\"}},{\"global_index\":4}");
    assert_true(content_is_disordered(fixture->content));
    assert_string_equal(finish(fixture), HEAD
        "{\"global_index\":1},{\"global_index\":3,\"x\":\",\"},{\"global_index\":4},{\"global_index\":5},"
        "{\"global_index\":5,\"driver\":{\"name\":\"z\"}}" TAIL "5}");
    positions_are(fixture, "1 3 4 5 5z ");
}

#define ENTRY(index, path, time)                                                                             \
    "{\"index\":" #index ",\"driver\":{\"name\":\"" path "\",\"path\":\"/" path "/\"},"                      \
    "\"car_class\":{\"car\":{\"name\":\"Audi\"}},\"laptime\":\"" time "\"}"

static void seen_on_an_earlier_page(void **state)
{
    struct fixture *fixture = *state;
    add_page(fixture, ENTRY(0, "1", "10s") "," ENTRY(1, "1", "10s") "," ENTRY(2, "2", "11s"));
    assert_int_equal(content_duplicates(fixture->content), 0); /* the same page says so twice: its business */
    add_page(
        fixture, ENTRY(3, "2", "11s") "," ENTRY(4, "2", "12s") "," ENTRY(5, "3", "11s") ",{\"index\":6}");
    assert_int_equal(content_duplicates(fixture->content), 1);
    add_page(fixture, ENTRY(7, "3", "11s") ",{\"index\":8}");
    assert_int_equal(content_duplicates(fixture->content), 2);
    finish(fixture);
    positions_are(fixture, "11 21 32 52 63 7 9 ");
    /* A new board has seen nothing. */
    content_begin(fixture->content, &job);
    add_page(fixture, ENTRY(0, "1", "10s"));
    assert_int_equal(content_duplicates(fixture->content), 0);
    finish(fixture);
    positions_are(fixture, "11 ");
}

/* A page of `count` entries whose places begin behind `first`. */
static void add_many(struct fixture *fixture, unsigned first, unsigned count)
{
    struct buffer entries = buffer_make(LIMIT);
    for (unsigned i = 0; i < count; i++)
        buffer_format(&entries, "%s{\"index\":%u,\"text\":\"%u %0200u\"}", i ? "," : "", first + i, first + i,
            (first + i) * 2654435761u);
    add_page(fixture, buffer_string(&entries));
    buffer_free(&entries);
}

static void check_many(struct fixture *fixture, unsigned count)
{
    const char *at = finish(fixture);
    assert_memory_equal(at, HEAD, strlen(HEAD));
    at += strlen(HEAD);
    for (unsigned i = 0; i < count; i++) {
        char entry[300];
        int length = snprintf(entry, sizeof entry, "%s{\"index\":%u,\"text\":\"%u %0200u\"}", i ? "," : "", i,
            i, i * 2654435761u);
        assert_memory_equal(at, entry, (size_t)length);
        at += length;
    }
    char tail[200];
    assert_true(snprintf(tail, sizeof tail, "%s%u}", TAIL, count) < 200);
    assert_string_equal(at, tail);
}

static void many_segments(void **state)
{
    struct fixture *fixture = *state;
    for (unsigned page = 0; page < 8; page++)
        add_many(fixture, page * 1500, 1500);
    assert_true(fixture->rows.length == 0);
    check_many(fixture, 12000);
    assert_true(fixture->json.length > 4 * GZIP_SEGMENT_BYTES);
    uint8_t hash[RECORD_HASH_SIZE];
    memcpy(hash, fixture->hash, sizeof hash);
    /* The same board in another order of its pages is the same document. */
    struct buffer first = fixture->detail;
    fixture->detail = buffer_make(LIMIT);
    content_begin(fixture->content, &job);
    for (unsigned page = 8; page-- > 0;)
        add_many(fixture, page * 1500, 1500);
    assert_true(content_is_disordered(fixture->content));
    check_many(fixture, 12000);
    assert_memory_equal(hash, fixture->hash, sizeof hash);
    assert_int_equal(first.length, fixture->detail.length);
    assert_memory_equal(first.data, fixture->detail.data, first.length);
    buffer_free(&first);
}

/* One row larger than a segment, and sizes around the limit between one piece and segments. */
static void segment_boundaries(void **state)
{
    struct fixture *fixture = *state;
    struct buffer entry = buffer_make(LIMIT);
    for (size_t size = GZIP_SEGMENT_BYTES - 400; size < GZIP_SEGMENT_BYTES + 400; size += 37) {
        buffer_clear(&entry);
        buffer_append_string(&entry, "{\"x\":\"");
        while (entry.length < size)
            buffer_append_byte(&entry, (uint8_t)('a' + entry.length % 23));
        buffer_append_string(&entry, "\"}");
        content_begin(fixture->content, &job);
        add_page(fixture, buffer_string(&entry));
        size_t length = strlen(finish(fixture));
        assert_int_equal(length, strlen(HEAD) + entry.length + strlen(TAIL) + 2);
        assert_memory_equal(fixture->json.data + strlen(HEAD), entry.data, entry.length);
    }
    buffer_free(&entry);
}

/* The hash tells contents apart, and does not depend on when they were fetched. */
static void hashes(void **state)
{
    struct fixture *fixture = *state;
    struct message_job later = job;
    later.issued_at_ms += 86400000;
    uint8_t first[RECORD_HASH_SIZE], again[RECORD_HASH_SIZE];
    add_page(fixture, "{\"index\":0}");
    assert_true(content_finish(fixture->content, first));
    content_begin(fixture->content, &later);
    add_page(fixture, " { \"index\" : 0 } ");
    assert_true(content_finish(fixture->content, again));
    assert_memory_equal(first, again, sizeof first);
    content_begin(fixture->content, &later);
    add_page(fixture, "{\"index\":1}");
    assert_true(content_finish(fixture->content, again));
    assert_memory_not_equal(first, again, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_board, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_field_as_it_came, set_up, tear_down),
        cmocka_unit_test_setup_teardown(written_compact_and_mended, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorted_by_place, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorted_over_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(seen_on_an_earlier_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_segments, set_up, tear_down),
        cmocka_unit_test_setup_teardown(segment_boundaries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(hashes, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("content", tests, NULL, NULL);
}
