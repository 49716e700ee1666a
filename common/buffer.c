#include "common/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"

#define FIRST_CAPACITY 256
#define FORMAT_MAX     4096

struct buffer buffer_make(size_t limit)
{
    return (struct buffer){.limit = limit};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = buffer_make(buffer->limit);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    buffer->overflowed = false;
}

void buffer_trim(struct buffer *buffer, size_t keep)
{
    buffer_clear(buffer);
    if (buffer->capacity > keep) {
        free(buffer->data);
        buffer->data = NULL;
        buffer->capacity = 0;
    }
}

static void grow(struct buffer *buffer, size_t wanted)
{
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < wanted)
        capacity = capacity > SIZE_MAX / 2 ? wanted : capacity * 2;
    if (capacity > buffer->limit + 1 && wanted <= buffer->limit + 1)
        capacity = buffer->limit + 1;
    buffer->data = memory_resize(buffer->data, capacity, 1);
    buffer->capacity = capacity;
}

uint8_t *buffer_make_room(struct buffer *buffer, size_t size)
{
    if (size > buffer->limit - buffer->length) {
        buffer->overflowed = true;
        return NULL;
    }
    size_t wanted = buffer->length + size;
    if (wanted > buffer->capacity || !buffer->data)
        grow(buffer, wanted);
    return buffer->data + buffer->length;
}

bool buffer_append_string(struct buffer *buffer, const char *string)
{
    return buffer_append(buffer, string, strlen(string));
}

bool buffer_format(struct buffer *buffer, const char *format, ...)
{
    char text[FORMAT_MAX];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= sizeof text) {
        buffer->overflowed = true;
        return false;
    }
    return buffer_append(buffer, text, (size_t)length);
}

const char *buffer_string(struct buffer *buffer)
{
    if (buffer->length == buffer->limit && buffer->limit > 0) {
        buffer->length--;
        buffer->overflowed = true;
    }
    if (buffer->length + 1 > buffer->capacity)
        grow(buffer, buffer->length + 1);
    buffer->data[buffer->length] = 0;
    return (const char *)buffer->data;
}
