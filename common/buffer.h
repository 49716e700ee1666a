#ifndef R3E_COMMON_BUFFER_H
#define R3E_COMMON_BUFFER_H
/* A growing run of bytes with an upper limit.
 *
 * Appends never fail loudly: what would pass the limit is left out and `overflowed` stays set until
 * buffer_clear, so a writer appends a whole message and asks once at its end. What is done for every few
 * bytes of a file is inline. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buffer {
    uint8_t *data;   /* owned; NULL while empty */
    size_t length;   /* bytes in use */
    size_t capacity; /* bytes allocated */
    size_t limit;    /* length never passes this */
    bool overflowed; /* an append was refused since the last clear */
};

/* An empty buffer that may grow to `limit` bytes. Allocates nothing. Release with buffer_free. */
struct buffer buffer_make(size_t limit);

void buffer_free(struct buffer *buffer);

/* Length to zero, overflow forgotten, memory kept. */
void buffer_clear(struct buffer *buffer);

/* As clear, but gives memory beyond `keep` bytes back to the system. */
void buffer_trim(struct buffer *buffer, size_t keep);

/* What buffer_reserve does where there is no room yet. */
uint8_t *buffer_make_room(struct buffer *buffer, size_t size);

/* Room for `size` more bytes behind `length`; the caller writes there and adds to `length` itself. NULL (and
 * overflowed) where the limit forbids it. The pointer is valid until the next call on this buffer. */
static inline uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
    if (size < buffer->capacity - buffer->length && size <= buffer->limit - buffer->length)
        return buffer->data + buffer->length;
    return buffer_make_room(buffer, size);
}

/* Returns false where the limit forbids it. `bytes` may be NULL if `size` is 0. */
static inline bool buffer_append(struct buffer *buffer, const void *bytes, size_t size)
{
    uint8_t *to = buffer_reserve(buffer, size);
    if (!to)
        return false;
    if (size)
        memcpy(to, bytes, size);
    buffer->length += size;
    return true;
}

static inline bool buffer_append_byte(struct buffer *buffer, uint8_t byte)
{
    return buffer_append(buffer, &byte, 1);
}

bool buffer_append_string(struct buffer *buffer, const char *string);

/* printf into the buffer, at most 4,095 bytes a call (longer is refused as if over the limit). */
bool buffer_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Terminates with a zero byte that does not count in `length` and returns the data as a string. Never NULL:
 * where the limit leaves no room for the zero byte, the last byte is replaced by it and `overflowed` is set.
 */
const char *buffer_string(struct buffer *buffer);

#endif
