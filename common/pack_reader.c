#include "common/pack_reader.h"

#include <string.h>

struct pack_reader pack_reader_make(const void *bytes, size_t length)
{
    const uint8_t *start = bytes;
    return (struct pack_reader){.next = start, .end = length ? start + length : start};
}

static const uint8_t *take(struct pack_reader *reader, size_t size)
{
    if (reader->failed || (size_t)(reader->end - reader->next) < size) {
        reader->failed = true;
        return NULL;
    }
    const uint8_t *bytes = reader->next;
    reader->next += size;
    return bytes;
}

static uint64_t take_big_endian(struct pack_reader *reader, size_t size)
{
    const uint8_t *bytes = take(reader, size);
    uint64_t value = 0;
    for (size_t i = 0; bytes && i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Takes the tag byte; 0xc1, which the specification never uses, stands for "nothing left". */
static uint8_t take_tag(struct pack_reader *reader)
{
    const uint8_t *tag = take(reader, 1);
    return tag ? *tag : 0xc1;
}

static uint64_t fail(struct pack_reader *reader)
{
    reader->failed = true;
    return 0;
}

uint64_t pack_read_uint(struct pack_reader *reader, uint64_t max)
{
    uint8_t tag = take_tag(reader);
    uint64_t value;
    if (tag < 0x80)
        value = tag;
    else if (tag >= 0xcc && tag <= 0xcf)
        value = take_big_endian(reader, (size_t)1 << (tag - 0xcc));
    else
        return fail(reader);
    return value > max ? fail(reader) : value;
}

struct text pack_read_text(struct pack_reader *reader, uint32_t max_length)
{
    uint8_t tag = take_tag(reader);
    uint64_t length = 0;
    if ((tag & 0xe0) == 0xa0)
        length = tag & 0x1f;
    else if (tag >= 0xd9 && tag <= 0xdb)
        length = take_big_endian(reader, (size_t)1 << (tag - 0xd9));
    else
        fail(reader);
    if (length > max_length)
        fail(reader);
    const uint8_t *bytes = take(reader, reader->failed ? 0 : (size_t)length);
    return bytes ? (struct text){(const char *)bytes, (uint32_t)length} : (struct text){NULL, 0};
}

void pack_read_bin(struct pack_reader *reader, void *out, uint32_t length)
{
    uint8_t tag = take_tag(reader);
    memset(out, 0, length);
    if (tag < 0xc4 || tag > 0xc6 || take_big_endian(reader, (size_t)1 << (tag - 0xc4)) != length)
        fail(reader);
    const uint8_t *bytes = take(reader, length);
    if (bytes)
        memcpy(out, bytes, length);
}

uint32_t pack_read_array(struct pack_reader *reader, uint32_t max_count)
{
    uint8_t tag = take_tag(reader);
    uint64_t count = 0;
    if ((tag & 0xf0) == 0x90)
        count = tag & 0x0f;
    else if (tag == 0xdc || tag == 0xdd)
        count = take_big_endian(reader, tag == 0xdc ? 2 : 4);
    else
        fail(reader);
    if (count > max_count || count > (size_t)(reader->end - reader->next))
        fail(reader);
    return reader->failed ? 0 : (uint32_t)count;
}

bool pack_reader_finished(const struct pack_reader *reader)
{
    return !reader->failed && reader->next == reader->end;
}
