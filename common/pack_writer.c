#include "common/pack_writer.h"

static int write_bytes(void *data, const char *bytes, size_t length)
{
    return buffer_append(data, bytes, length) ? 0 : -1;
}

msgpack_packer pack_writer_make(struct buffer *buffer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, buffer, write_bytes);
    return packer;
}

void pack_write_uint(msgpack_packer *packer, uint64_t value)
{
    msgpack_pack_uint64(packer, value);
}

void pack_write_text(msgpack_packer *packer, struct text text)
{
    msgpack_pack_str_with_body(packer, text.length ? text.data : "", text.length);
}

void pack_write_bin(msgpack_packer *packer, const void *bytes, uint32_t length)
{
    msgpack_pack_bin_with_body(packer, bytes, length);
}

void pack_write_array(msgpack_packer *packer, uint32_t count)
{
    msgpack_pack_array(packer, count);
}
