#include "common/record.h"

#include <string.h>

#include <xxhash.h>

#include "common/pack_reader.h"
#include "common/pack_writer.h"

#define PARTS         19u
#define CHECKSUM_SIZE 8u

static void put_big_endian(uint8_t *out, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        out[i] = (uint8_t)(value >> (8 * (size - 1 - i)));
}

static uint64_t get_big_endian(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

struct record_key record_key_make(uint32_t track_id, uint32_t class_id)
{
    struct record_key key = {0};
    put_big_endian(key.bytes, track_id, 4);
    put_big_endian(key.bytes + 4, class_id, 4);
    return key;
}

bool record_key_read(const MDB_val *value, uint32_t *track_id, uint32_t *class_id)
{
    if (value->mv_size != RECORD_KEY_SIZE)
        return false;
    *track_id = (uint32_t)get_big_endian(value->mv_data, 4);
    *class_id = (uint32_t)get_big_endian((const uint8_t *)value->mv_data + 4, 4);
    return true;
}

uint64_t record_checksum(const void *bytes, size_t length)
{
    return XXH64(bytes, length, 0);
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strnlen(string, RECORD_TEXT_MAX)};
}

void record_board_encode(const struct record_board *record, struct buffer *out)
{
    size_t start = out->length;
    msgpack_packer packer = pack_writer_make(out);
    pack_write_array(&packer, PARTS);
    pack_write_uint(&packer, (uint64_t)record->fetched_at_ms);
    pack_write_uint(&packer, (uint64_t)record->changed_at_ms);
    pack_write_uint(&packer, record->generation);
    pack_write_uint(&packer, record->lease);
    pack_write_uint(&packer, record->entry_count);
    pack_write_uint(&packer, record->rows_length);
    pack_write_uint(&packer, record->detail_length);
    pack_write_bin(&packer, record->content_hash, RECORD_HASH_SIZE);
    pack_write_uint(&packer, record->rows_checksum);
    pack_write_uint(&packer, record->detail_checksum);
    pack_write_uint(&packer, record->failure_streak);
    pack_write_uint(&packer, record->empty_streak);
    pack_write_uint(&packer, record->worker_deaths);
    pack_write_uint(&packer, (uint64_t)record->quarantined_until_ms);
    pack_write_uint(&packer, record->checks);
    pack_write_uint(&packer, record->rows_changed);
    pack_write_uint(&packer, record->watched_s);
    pack_write_text(&packer, text_of(record->etag));
    pack_write_text(&packer, text_of(record->last_modified));
    uint8_t checksum[CHECKSUM_SIZE];
    put_big_endian(checksum, record_checksum(out->data + start, out->length - start), CHECKSUM_SIZE);
    buffer_append(out, checksum, CHECKSUM_SIZE);
}

static void read_string(struct pack_reader *pack, char out[static RECORD_TEXT_MAX + 1])
{
    struct text text = pack_read_text(pack, RECORD_TEXT_MAX);
    if (text.length && memchr(text.data, 0, text.length))
        pack->failed = true; /* an HTTP validator has no NUL */
    else if (text.length)
        memcpy(out, text.data, text.length);
    out[text.length] = 0;
}

static void read_parts(struct pack_reader *pack, struct record_board *record)
{
    record->fetched_at_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->changed_at_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->generation = pack_read_uint(pack, UINT64_MAX);
    record->lease = pack_read_uint(pack, UINT64_MAX);
    record->entry_count = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    record->rows_length = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    record->detail_length = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    pack_read_bin(pack, record->content_hash, RECORD_HASH_SIZE);
    record->rows_checksum = pack_read_uint(pack, UINT64_MAX);
    record->detail_checksum = pack_read_uint(pack, UINT64_MAX);
    record->failure_streak = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    record->empty_streak = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    record->worker_deaths = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    record->quarantined_until_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->checks = pack_read_uint(pack, UINT64_MAX);
    record->rows_changed = pack_read_uint(pack, UINT64_MAX);
    record->watched_s = pack_read_uint(pack, UINT64_MAX);
    read_string(pack, record->etag);
    read_string(pack, record->last_modified);
}

bool record_board_decode(const void *bytes, size_t length, struct record_board *record)
{
    memset(record, 0, sizeof *record);
    if (length <= CHECKSUM_SIZE)
        return false;
    size_t body = length - CHECKSUM_SIZE;
    if (record_checksum(bytes, body) != get_big_endian((const uint8_t *)bytes + body, CHECKSUM_SIZE))
        return false;
    struct pack_reader pack = pack_reader_make(bytes, body);
    if (pack_read_array(&pack, PARTS) != PARTS)
        return false;
    read_parts(&pack, record);
    if (pack_reader_finished(&pack))
        return true;
    memset(record, 0, sizeof *record);
    return false;
}
