#include "worker/detail.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>
#include <zlib.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"

#define SAFE_INTEGER ((double)((int64_t)1 << 53))
/* A row is a part of a page, and a page is bounded long before. */
#define PENDING_LIMIT ((size_t)512 * 1024 * 1024)
#define ID_SIZE       24

struct detail {
    const struct message_job *job; /* borrowed */
    struct json_writer json;
    struct buffer pending;    /* JSON that was not compressed yet */
    struct buffer compressed; /* a gzip member's beginning, once the document is longer than a segment */
    struct gzip_compressor *compressor;
    struct gzip_sum sum;
    XXH3_state_t *hash; /* XXH's own allocation: the state wants an alignment of 64 */
    size_t hashed;      /* bytes of `pending` that are in the hash */
    size_t head_length; /* bytes before the first row */
    bool failed;
};

struct detail *detail_open(void)
{
    struct detail *detail = memory_zalloc(1, sizeof *detail);
    detail->pending = buffer_make(PENDING_LIMIT);
    detail->compressed = buffer_make(PROTOCOL_PAYLOAD_MAX);
    detail->compressor = gzip_compressor_open();
    detail->hash = XXH3_createState();
    if (!detail->hash)
        log_fatal("no memory for a hash; raise the memory limit");
    return detail;
}

void detail_close(struct detail **pointer)
{
    struct detail *detail = *pointer;
    if (!detail)
        return;
    buffer_free(&detail->pending);
    buffer_free(&detail->compressed);
    gzip_compressor_close(&detail->compressor);
    XXH3_freeState(detail->hash);
    free(detail);
    *pointer = NULL;
}

static void write_id(struct json_writer *json, const char *key, uint64_t id)
{
    char digits[ID_SIZE];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)id);
    json_key(json, key);
    json_text(json, (struct text){digits, length > 0 ? (uint32_t)length : 0});
}

void detail_begin(struct detail *detail, const struct message_job *job)
{
    detail->job = job;
    buffer_trim(&detail->pending, 2 * GZIP_SEGMENT_BYTES);
    buffer_trim(&detail->compressed, GZIP_SEGMENT_BYTES);
    detail->sum = (struct gzip_sum){0};
    detail->hashed = 0;
    detail->failed = false;
    XXH3_128bits_reset(detail->hash);
    detail->json = json_writer_make(&detail->pending);
    json_object_begin(&detail->json);
    json_key(&detail->json, "track_info");
    json_object_begin(&detail->json);
    json_key(&detail->json, "Name");
    json_string(&detail->json, job->track_name);
    write_id(&detail->json, "TrackID", job->track_id);
    write_id(&detail->json, "ClassID", job->class_id);
    json_key(&detail->json, "Data");
    json_array_begin(&detail->json);
    detail->head_length = detail->pending.length;
}

/* ---- rows ---- */

static void write_value(struct json_writer *json, const cJSON *value);

static void write_number(struct json_writer *json, double number)
{
    if (number == floor(number) && fabs(number) < SAFE_INTEGER && !(number == 0 && signbit(number)))
        json_int(json, (int64_t)number);
    else
        json_double(json, number);
}

static void write_object(struct json_writer *json, const cJSON *object)
{
    const cJSON *member;
    json_object_begin(json);
    cJSON_ArrayForEach(member, object)
    {
        json_key_text(json, (struct text){member->string, (uint32_t)strlen(member->string)});
        write_value(json, member);
    }
    json_object_end(json);
}

static void write_array(struct json_writer *json, const cJSON *array)
{
    const cJSON *element;
    json_array_begin(json);
    cJSON_ArrayForEach(element, array)
    {
        write_value(json, element);
    }
    json_array_end(json);
}

/* Recursion is bounded: cJSON builds no tree deeper than CJSON_NESTING_LIMIT. */
static void write_value(struct json_writer *json, const cJSON *value)
{
    switch (value->type & 0xff) {
    case cJSON_String:
        json_string(json, value->valuestring);
        break;
    case cJSON_Number:
        write_number(json, value->valuedouble);
        break;
    case cJSON_Object:
        write_object(json, value);
        break;
    case cJSON_Array:
        write_array(json, value);
        break;
    case cJSON_True:
    case cJSON_False:
        json_bool(json, cJSON_IsTrue(value));
        break;
    default:
        json_null(json);
        break;
    }
}

static void hash_pending(struct detail *detail)
{
    XXH3_128bits_update(
        detail->hash, detail->pending.data + detail->hashed, detail->pending.length - detail->hashed);
    detail->hashed = detail->pending.length;
}

static void compress_segment(struct detail *detail, size_t length)
{
    struct gzip_segment segment;
    if (!detail->compressed.length)
        gzip_append_header(&detail->compressed);
    if (!gzip_append_segment(
            detail->compressor, detail->pending.data, 0, length, false, &detail->compressed, &segment)) {
        detail->failed = true;
        return;
    }
    gzip_sum_add(&detail->sum, &segment);
    detail->pending.length -= length;
    detail->hashed -= length;
    memmove(detail->pending.data, detail->pending.data + length, detail->pending.length);
}

static void compress_full_segments(struct detail *detail)
{
    while (detail->pending.length > GZIP_SEGMENT_BYTES && !detail->failed) {
        hash_pending(detail);
        compress_segment(detail, GZIP_SEGMENT_BYTES);
    }
}

size_t detail_add(struct detail *detail, const cJSON *entry)
{
    size_t before = detail->pending.length + detail->json.comma;
    write_value(&detail->json, entry);
    size_t length = detail->pending.length - before;
    compress_full_segments(detail);
    return length;
}

void detail_add_raw(struct detail *detail, struct text row)
{
    json_raw(&detail->json, row);
    compress_full_segments(detail);
}

/* ---- ending ---- */

void detail_finish(struct detail *detail, uint32_t entry_count, uint8_t hash[static RECORD_HASH_SIZE])
{
    char cached_at[CLOCK_RFC3339_SIZE];
    XXH128_canonical_t canonical;
    clock_rfc3339((int64_t)detail->job->issued_at_ms, cached_at);
    json_array_end(&detail->json);
    json_object_end(&detail->json);
    hash_pending(detail);
    json_key(&detail->json, "cached_at");
    json_string(&detail->json, cached_at);
    detail->hashed = detail->pending.length;
    json_key(&detail->json, "track_name");
    json_string(&detail->json, detail->job->track_name);
    write_id(&detail->json, "track_id", detail->job->track_id);
    json_key(&detail->json, "entry_count");
    json_uint(&detail->json, entry_count);
    json_object_end(&detail->json);
    hash_pending(detail);
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(detail->hash));
    _Static_assert(sizeof canonical.digest == RECORD_HASH_SIZE, "a content hash is an XXH3-128");
    memcpy(hash, canonical.digest, RECORD_HASH_SIZE);
}

bool detail_compress(struct detail *detail, struct buffer *out)
{
    if (detail->failed || detail->pending.overflowed)
        return false;
    if (!detail->compressed.length && detail->pending.length <= GZIP_SEGMENT_BYTES)
        return gzip_append_member(detail->compressor, detail->pending.data, detail->pending.length, out);
    compress_full_segments(detail);
    compress_segment(detail, detail->pending.length);
    gzip_append_trailer(&detail->sum, &detail->compressed);
    return !detail->failed && !detail->compressed.overflowed &&
           buffer_append(out, detail->compressed.data, detail->compressed.length);
}

/* ---- reading back ---- */

static bool inflate_all(struct buffer *compressed, size_t length, struct buffer *out)
{
    z_stream stream = {.next_in = compressed->data, .avail_in = (uInt)compressed->length};
    uint8_t *to = buffer_reserve(out, length);
    if (!to || inflateInit2(&stream, MAX_WBITS + 16) != Z_OK)
        return false;
    stream.next_out = to;
    stream.avail_out = (uInt)length;
    int code = inflate(&stream, Z_SYNC_FLUSH);
    size_t missing = stream.avail_out;
    inflateEnd(&stream);
    if (code != Z_OK || missing)
        log_bug("detail: our own compressed rows do not read back: %s", zError(code));
    out->length += length;
    return true;
}

bool detail_read_rows(struct detail *detail, struct buffer *out)
{
    size_t start = out->length;
    if (detail->failed || detail->pending.overflowed)
        return false;
    if (detail->compressed.length && !inflate_all(&detail->compressed, (size_t)detail->sum.length, out))
        return false;
    if (!buffer_append(out, detail->pending.data, detail->pending.length))
        return false;
    out->length -= detail->head_length;
    memmove(out->data + start, out->data + start + detail->head_length, out->length - start);
    return true;
}
