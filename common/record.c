#include "common/record.h"

#include <string.h>

#include <xxhash.h>

#include "common/pack_reader.h"
#include "common/pack_writer.h"

#define PARTS_1       19u /* of schema 1 */
#define PARTS         25u
#define CHECKSUM_SIZE 8u
#define SEAL_SIZE     17u /* of a meta value: newline and digits */
#define NUMBER_MOST   20u

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

MDB_val record_value(const void *bytes, size_t length)
{
    union {
        const void *in;
        void *out;
    } pointer = {bytes};
    return (MDB_val){length, pointer.out};
}

uint64_t record_checksum(const void *bytes, size_t length)
{
    return XXH64(bytes, length, 0);
}

static uint64_t board_checksum(const struct record_key *key, const void *bytes, size_t length)
{
    return XXH64(bytes, length, get_big_endian(key->bytes, RECORD_KEY_SIZE));
}

bool record_board_is_fetched(const struct record_board *record)
{
    return record->fetched_at_ms > 0;
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strnlen(string, RECORD_TEXT_MAX)};
}

void record_board_encode(const struct record_key *key, const struct record_board *record, struct buffer *out)
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
    pack_write_uint(&packer, record->candidate_entries);
    pack_write_bin(&packer, record->candidate_hash, RECORD_HASH_SIZE);
    pack_write_uint(&packer, (uint64_t)record->candidate_since_ms);
    pack_write_uint(&packer, (uint64_t)record->candidate_last_ms);
    pack_write_uint(&packer, (uint64_t)record->gone_since_ms);
    pack_write_uint(&packer, record->content_lost);
    uint8_t checksum[CHECKSUM_SIZE];
    put_big_endian(checksum, board_checksum(key, out->data + start, out->length - start), CHECKSUM_SIZE);
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

static void read_later_parts(struct pack_reader *pack, struct record_board *record)
{
    record->candidate_entries = (uint32_t)pack_read_uint(pack, UINT32_MAX);
    pack_read_bin(pack, record->candidate_hash, RECORD_HASH_SIZE);
    record->candidate_since_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->candidate_last_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->gone_since_ms = (int64_t)pack_read_uint(pack, INT64_MAX);
    record->content_lost = pack_read_uint(pack, 1);
}

bool record_board_decode(
    const struct record_key *key, const void *bytes, size_t length, struct record_board *record)
{
    memset(record, 0, sizeof *record);
    if (length <= CHECKSUM_SIZE)
        return false;
    size_t body = length - CHECKSUM_SIZE;
    uint64_t checksum = get_big_endian((const uint8_t *)bytes + body, CHECKSUM_SIZE);
    bool second = checksum == board_checksum(key, bytes, body);
    if (!second && checksum != record_checksum(bytes, body))
        return false;
    struct pack_reader pack = pack_reader_make(bytes, body);
    if (pack_read_array(&pack, PARTS) != (second ? PARTS : PARTS_1))
        return false;
    read_parts(&pack, record);
    if (second)
        read_later_parts(&pack, record);
    if (pack_reader_finished(&pack))
        return true;
    memset(record, 0, sizeof *record);
    return false;
}

/* ---- meta ---- */

static void make_seal(const char *name, const void *bytes, size_t length, char out[static SEAL_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t checksum = XXH64(bytes, length, record_checksum(name, strlen(name)));
    out[0] = '\n';
    for (unsigned i = 1; i < SEAL_SIZE; i++)
        out[i] = digits[checksum >> (4 * (SEAL_SIZE - 1 - i)) & 15];
}

void record_meta_encode(const char *name, const void *bytes, size_t length, struct buffer *out)
{
    char seal[SEAL_SIZE];
    make_seal(name, bytes, length, seal);
    buffer_append(out, bytes, length);
    buffer_append(out, seal, SEAL_SIZE);
}

bool record_meta_decode(
    unsigned schema, const char *name, const void *bytes, size_t length, struct text *value)
{
    char seal[SEAL_SIZE];
    *value = (struct text){bytes, (uint32_t)length};
    if (length > UINT32_MAX || (schema > 1 && length < SEAL_SIZE))
        return false;
    if (schema <= 1)
        return true;
    value->length -= SEAL_SIZE;
    make_seal(name, bytes, value->length, seal);
    return memcmp(value->data + value->length, seal, SEAL_SIZE) == 0;
}

unsigned record_meta_schema(const void *bytes, size_t length)
{
    struct text value = {bytes, (uint32_t)length};
    if (length > SEAL_SIZE && !record_meta_decode(RECORD_SCHEMA, RECORD_META_SCHEMA, bytes, length, &value))
        return 0;
    if (value.length == 0 || value.length > NUMBER_MOST)
        return 0;
    uint64_t number = 0;
    for (uint32_t i = 0; i < value.length; i++) {
        if (value.data[i] < '0' || value.data[i] > '9')
            return 0;
        number = number * 10 + (uint64_t)(value.data[i] - '0');
    }
    return number < 1000000 ? (unsigned)number : 0;
}
