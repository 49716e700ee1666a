#ifndef R3E_COMMON_PACK_WRITER_H
#define R3E_COMMON_PACK_WRITER_H
/* msgpack-c's packer writing into a buffer. What pack_reader reads, and nothing else, is to be written.
 * A full buffer shows in `buffer->overflowed`. */
#include <msgpack.h>

#include "common/buffer.h"
#include "common/pack_reader.h"

/* The packer borrows `buffer`. */
msgpack_packer pack_writer_make(struct buffer *buffer);

void pack_write_uint(msgpack_packer *packer, uint64_t value);
void pack_write_text(msgpack_packer *packer, struct text text);
void pack_write_bin(msgpack_packer *packer, const void *bytes, uint32_t length);
void pack_write_array(msgpack_packer *packer, uint32_t count);

#endif
