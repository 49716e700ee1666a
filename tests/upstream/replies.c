#include "tests/upstream/replies.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#define ZLIB_CONST
#include <zlib.h>

static const char JSON_TYPE[] = "application/json";
static const char HTML_TYPE[] = "text/html; charset=UTF-8";

enum { MEGABYTE = 1 << 20, STREAM_BLOCK = 1 << 16 };

void reply_free(struct reply *reply)
{
    text_free(&reply->body);
    text_free(&reply->block);
    text_free(&reply->tail);
}

void reply_add_header(struct reply *reply, const char *name, const char *value, ...)
{
    assert(reply->header_count < REPLY_HEADERS_MAX);
    size_t at = reply->header_count++;
    va_list arguments;
    va_start(arguments, value);
    int length = vsnprintf(reply->headers[at].value, REPLY_HEADER_VALUE_MAX, value, arguments);
    va_end(arguments);
    assert(length >= 0 && length < REPLY_HEADER_VALUE_MAX);
    reply->headers[at].name = name;
}

void reply_add_retry_date(struct reply *reply, uint32_t seconds)
{
    time_t then = time(NULL) + seconds;
    struct tm fields;
    char date[64];
    size_t length = strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&then, &fields));
    assert(length > 0);
    reply_add_header(reply, "Retry-After", "%s", date);
}

void reply_listing(struct reply *reply, const struct world *world, const struct page_request *request)
{
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    reply->compressible = true;
    page_append_listing(&reply->body, world, request);
}

void reply_error(struct reply *reply, unsigned status, const char *message)
{
    reply->status = status;
    reply->content_type = HTML_TYPE;
    text_append_format(&reply->body,
        "<html><head><title>%u %s</title></head><body><h1>%s</h1></body></html>\n", status, message, message);
}

static void reply_json(struct reply *reply, const char *json)
{
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    text_append_string(&reply->body, json);
}

// --- broken JSON ---

static void reply_wrong_types(struct reply *reply, const struct page_request *request)
{
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    page_append_head(&reply->body, request);
    text_append_string(&reply->body,
        "{\"index\":\"first\",\"global_index\":[1],\"driver\":\"Nobody\",\"country\":7,\"car_class\":\"GTR\","
        "\"track\":null,\"laptime\":83414,\"relative_laptime\":true,\"team\":[\"T\"],\"rank\":{},"
        "\"driving_model\":3,\"date_time\":{\"a\":1}},"
        "{\"index\":null,\"global_index\":-1e300,\"driver\":{\"name\":42,\"path\":{},\"avatar\":[],\"rank\":"
        "1,\"vip\":"
        "\"no\"},\"country\":{\"name\":[],\"code\":1},\"car_class\":{\"car\":[],\"class\":\"x\"},\"track\":[]"
        ","
        "\"laptime\":{},\"relative_laptime\":-1,\"team\":1.5,\"rank\":[],\"driving_model\":{},\"date_time\":"
        "0},"
        "{\"index\":{},\"driver\":{\"name\":{\"name\":\"x\"},\"path\":1},\"car_class\":{\"car\":{\"name\":1,"
        "\"class-name\":false,\"icon\":{}},\"class\":{\"name\":[],\"id\":\"y\"}},\"laptime\":[]},"
        "\"entry\",5,null,[],true]}}}");
}

static void reply_invalid_utf8(struct reply *reply, const struct page_request *request)
{
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    page_append_head(&reply->body, request);
    text_append_string(&reply->body,
        "{\"index\":0,\"global_index\":1,\"driver\":{\"name\":\"Bad \xff\xc3\x28 \xed\xa0\x80 \xf8 Name\","
        "\"path\":\"https:\\/\\/game.raceroom.com\\/users\\/info\\/12345\\/\"},\"laptime\":\"1m 23.414s\","
        "\"relative_laptime\":\"\",\"date_time\":\"2025-11-02T18:23:11\"}]}}}");
}

static void reply_deep(struct reply *reply, uint32_t levels)
{
    reply_json(reply, "{\"context\":{\"c\":{\"get\":{},\"results\":");
    text_reserve(&reply->body, (size_t)levels * 2);
    memset(reply->body.data + reply->body.length, '[', levels);
    memset(reply->body.data + reply->body.length + levels, ']', levels);
    reply->body.length += (size_t)levels * 2;
    text_append_string(&reply->body, "}}}");
}

// --- large bodies ---

static void reply_huge(struct reply *reply, const struct page_request *request, uint32_t megabytes)
{
    static const char ROW[] =
        "{\"index\":0,\"global_index\":1,\"driver\":{\"name\":\"Ann Other\",\"path\":\"\"},"
        "\"laptime\":\"1m 23.414s\",\"relative_laptime\":\"\"}";
    reply->kind = REPLY_STREAM;
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    page_append_head(&reply->body, request);
    while (reply->block.length < STREAM_BLOCK) {
        text_append_string(&reply->block, ROW);
        text_append(&reply->block, ",", 1);
    }
    reply->repeat = (uint32_t)((uint64_t)megabytes * MEGABYTE / reply->block.length);
    text_append_string(&reply->tail, ROW);
    text_append_string(&reply->tail, "]}}}");
}

// Appends `input` deflated up to `flush` to `out`. With Z_FULL_FLUSH what follows does not depend on it.
static void deflate_part(z_stream *stream, const char *input, size_t length, int flush, struct text *out)
{
    stream->next_in = (const Bytef *)input;
    stream->avail_in = (uInt)length;
    do {
        text_reserve(out, 4096);
        stream->next_out = (Bytef *)out->data + out->length;
        stream->avail_out = 4096;
        int result = deflate(stream, flush);
        assert(result == Z_OK || result == Z_STREAM_END || result == Z_BUF_ERROR);
        out->length += 4096 - stream->avail_out;
    } while (stream->avail_out == 0);
}

// One deflated block of a megabyte of spaces is sent again and again; the CRCs are combined.
static void reply_gzip_bomb(struct reply *reply, const struct page_request *request, uint32_t megabytes)
{
    static const char HEADER[10] = {'\x1f', '\x8b', 8, 0, 0, 0, 0, 0, 0, 3};
    static const char END[] = "]}}}";
    reply->kind = REPLY_STREAM;
    reply->status = 200;
    reply->content_type = JSON_TYPE;
    reply_add_header(reply, "Content-Encoding", "gzip");
    reply->repeat = megabytes;

    struct text head = {0}, spaces = {0};
    page_append_head(&head, request);
    text_reserve(&spaces, MEGABYTE);
    memset(spaces.data, ' ', MEGABYTE);
    z_stream stream = {0};
    int result = deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
    text_append(&reply->body, HEADER, sizeof HEADER);
    deflate_part(&stream, head.data, head.length, Z_FULL_FLUSH, &reply->body);
    deflate_part(&stream, spaces.data, MEGABYTE, Z_FULL_FLUSH, &reply->block);
    deflate_part(&stream, END, sizeof END - 1, Z_FINISH, &reply->tail);
    deflateEnd(&stream);

    uLong crc = crc32(0, (const Bytef *)head.data, (uInt)head.length);
    uLong block_crc = crc32(0, (const Bytef *)spaces.data, MEGABYTE);
    for (uint32_t i = 0; i < megabytes; i++)
        crc = crc32_combine(crc, block_crc, MEGABYTE);
    crc = crc32(crc, (const Bytef *)END, sizeof END - 1);
    uint64_t size = head.length + (uint64_t)megabytes * MEGABYTE + sizeof END - 1;
    for (int shift = 0; shift < 32; shift += 8)
        text_append(&reply->tail, (const char[]){(char)(crc >> shift & 0xff)}, 1);
    for (int shift = 0; shift < 32; shift += 8)
        text_append(&reply->tail, (const char[]){(char)(size >> shift & 0xff)}, 1);
    text_free(&head);
    text_free(&spaces);
}

// --- broken HTTP ---

// Turns the JSON in `body` into a whole HTTP answer that promises `missing` bytes more than it has, with a
// header field of `padding` bytes. Returns the length of the header.
static size_t make_raw(struct reply *reply, size_t missing, size_t padding)
{
    struct text json = reply->body;
    struct text out = {0};
    text_append_string(&out, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n");
    if (padding) {
        text_append_string(&out, "X-Padding: ");
        text_reserve(&out, padding);
        memset(out.data + out.length, 'x', padding);
        out.length += padding;
        text_append_string(&out, "\r\n");
    }
    text_append_format(&out, "Content-Length: %zu\r\n\r\n", json.length + missing);
    size_t header = out.length;
    text_append(&out, json.data, json.length);
    text_free(&json);
    reply->body = out;
    reply->kind = REPLY_RAW;
    return header;
}

static void reply_broken_http(struct reply *reply, const struct world *world,
    const struct page_request *request, const struct fault *fault)
{
    reply_listing(reply, world, request);
    size_t length = reply->body.length;
    size_t missing = fault->mode == FAULT_TRUNCATED ? fault->argument : 0;
    size_t header =
        make_raw(reply, missing, fault->mode == FAULT_BIG_HEADER ? (size_t)fault->argument * 1024 : 0);
    reply->pause_ms = fault->argument;
    if (fault->mode == FAULT_SLOW) {
        reply->slow_from = header;
        reply->slow_to = reply->body.length;
    } else if (fault->mode == FAULT_DRIP_HEADER) {
        reply->slow_to = header;
    } else if (fault->mode == FAULT_RESET) {
        reply->body.length -= length - length / 2;
        reply->reset = true;
    }
}

// --- redirects ---

static void reply_redirect(struct reply *reply, const struct fault *fault, const char *target, unsigned port)
{
    reply_error(reply, 302, "Found");
    if (fault->mode == FAULT_REDIRECT_LOOP)
        reply_add_header(reply, "Location", "%.400s", target);
    else if (fault->mode == FAULT_REDIRECT_SAME)
        reply_add_header(reply, "Location", "%.400s&redirected=1", target);
    else if (fault->host)
        reply_add_header(reply, "Location", "http://%.100s%.300s&redirected=1", fault->host, target);
    else
        reply_add_header(reply, "Location", "http://localhost:%u%.300s&redirected=1", port, target);
}

// --- bent boards ---

static uint32_t next_filled_board(const struct world *world, uint32_t board)
{
    if (board == PAGE_NO_BOARD)
        board = 0;
    for (size_t i = 1; i < world->board_count; i++) {
        size_t other = (board + i) % world->board_count;
        if (world->boards[other].entries > 0)
            return (uint32_t)other;
    }
    return PAGE_NO_BOARD;
}

static void reply_bent(struct reply *reply, const struct world *world, const struct page_request *request,
    const struct fault *fault)
{
    struct page_request bent = *request;
    if (fault->mode == FAULT_WRONG_TRACK)
        bent.shown = next_filled_board(world, request->shown);
    else if (fault->mode == FAULT_SHRUNK)
        bent.percent = fault->argument < 100 ? fault->argument : 100;
    else if (fault->mode == FAULT_EMPTIED)
        bent.percent = 0;
    else
        bent.bend = fault->mode == FAULT_ENDLESS    ? PAGE_ENDLESS
                    : fault->mode == FAULT_SHIFTING ? PAGE_SHIFTED
                                                    : PAGE_DUPLICATED;
    reply_listing(reply, world, &bent);
}

// Modes that answer with an error status.
static const struct {
    unsigned status;
    const char *message;
} STATUSES[FAULT_MODE_COUNT] = {
    [FAULT_429] = {429, "Too Many Requests"},
    [FAULT_429_RETRY_AFTER] = {429, "Too Many Requests"},
    [FAULT_429_DATE] = {429, "Too Many Requests"},
    [FAULT_400] = {400, "Bad Request"},
    [FAULT_403] = {403, "Forbidden"},
    [FAULT_404] = {404, "Not Found"},
    [FAULT_410] = {410, "Gone"},
    [FAULT_500] = {500, "Internal Server Error"},
    [FAULT_502] = {502, "Bad Gateway"},
    [FAULT_503] = {503, "Service Unavailable"},
    [FAULT_503_RETRY_AFTER] = {503, "Service Unavailable"},
};

// Modes that always answer with the same bytes.
static const char *const BODIES[FAULT_MODE_COUNT] = {
    [FAULT_HTML] =
        "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>Back soon</body></html>\n",
    [FAULT_EMPTY_BODY] = "",
    [FAULT_NULL] = "null",
    [FAULT_NOT_OBJECT] = "[1,\"two\",[]]",
    [FAULT_ERROR_FIELD] = "{\"error\":{\"code\":500,\"message\":\"Something went wrong\"}}",
    [FAULT_RESULTS_NULL] = "{\"context\":{\"c\":{\"get\":{},\"results\":null}}}",
    [FAULT_RESULTS_MISSING] = "{\"context\":{\"c\":{\"get\":{}}}}",
};

static void reply_status(struct reply *reply, const struct fault *fault)
{
    reply_error(reply, STATUSES[fault->mode].status, STATUSES[fault->mode].message);
    if (fault->mode == FAULT_429_RETRY_AFTER || fault->mode == FAULT_503_RETRY_AFTER)
        reply_add_header(reply, "Retry-After", "%u", fault->argument);
    if (fault->mode == FAULT_429_DATE)
        reply_add_retry_date(reply, fault->argument);
}

// The right listing with something wrong around it, or a listing of the wrong rows.
static void reply_nearly_right(struct reply *reply, const struct world *world,
    const struct page_request *request, const struct fault *fault)
{
    switch (fault->mode) {
    case FAULT_HANG:
        reply_listing(reply, world, request);
        reply->delay_ms = (uint64_t)fault->argument * 1000;
        break;
    case FAULT_TRUNCATED_JSON:
        reply_listing(reply, world, request);
        reply->body.length /= 2;
        break;
    case FAULT_BAD_GZIP:
        reply_listing(reply, world, request);
        reply->compressible = false;
        reply_add_header(reply, "Content-Encoding", "gzip");
        break;
    case FAULT_SLOW:
    case FAULT_DRIP_HEADER:
    case FAULT_BIG_HEADER:
    case FAULT_RESET:
    case FAULT_TRUNCATED:
        reply_broken_http(reply, world, request, fault);
        break;
    default:
        reply_bent(reply, world, request, fault);
        break;
    }
}

void reply_fault(struct reply *reply, const struct world *world, const struct page_request *request,
    const struct fault *fault, const char *target, unsigned port)
{
    if (STATUSES[fault->mode].status) {
        reply_status(reply, fault);
        return;
    }
    if (BODIES[fault->mode]) {
        reply_json(reply, BODIES[fault->mode]);
        if (fault->mode == FAULT_HTML)
            reply->content_type = HTML_TYPE;
        return;
    }
    switch (fault->mode) {
    case FAULT_204:
        reply->status = 204;
        break;
    case FAULT_WRONG_TYPES:
        reply_wrong_types(reply, request);
        break;
    case FAULT_INVALID_UTF8:
        reply_invalid_utf8(reply, request);
        break;
    case FAULT_DEEP:
        reply_deep(reply, fault->argument);
        break;
    case FAULT_HUGE:
        reply_huge(reply, request, fault->argument);
        break;
    case FAULT_GZIP_BOMB:
        reply_gzip_bomb(reply, request, fault->argument);
        break;
    case FAULT_REDIRECT_OTHER:
    case FAULT_REDIRECT_SAME:
    case FAULT_REDIRECT_LOOP:
        reply_redirect(reply, fault, target, port);
        break;
    default:
        reply_nearly_right(reply, world, request, fault);
        break;
    }
}
