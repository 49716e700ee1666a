#include "exporter/httpd/inflate_response.h"

#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#define INPUT_BYTES  ((size_t)8 * 1024)
#define OUTPUT_BYTES ((size_t)8 * 1024)
#define GZIP_ONLY    16 /* added to the window bits: inflateInit2 of zlib.h */

struct inflater {
    z_stream stream;
    atomic_uint *running;
    int fd;
    int result; /* of the last inflate */
    unsigned char input[INPUT_BYTES];
};

static void close_inflater(void *context)
{
    struct inflater *inflater = context;
    inflateEnd(&inflater->stream);
    close(inflater->fd);
    atomic_fetch_sub(inflater->running, 1);
    free(inflater);
}

/* Called by libmicrohttpd when it can send up to `size` bytes more. */
static ssize_t read_inflated(void *context, uint64_t position, char *out, size_t size)
{
    (void)position;
    struct inflater *inflater = context;
    z_stream *stream = &inflater->stream;
    stream->next_out = (unsigned char *)out;
    stream->avail_out = (uInt)size;
    while (inflater->result == Z_OK && stream->avail_out == size) {
        if (stream->avail_in == 0) {
            ssize_t got = read(inflater->fd, inflater->input, sizeof inflater->input);
            if (got <= 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
            stream->next_in = inflater->input;
            stream->avail_in = (uInt)got;
        }
        inflater->result = inflate(stream, Z_NO_FLUSH);
    }
    if (stream->avail_out < size)
        return (ssize_t)(size - stream->avail_out);
    return inflater->result == Z_STREAM_END ? MHD_CONTENT_READER_END_OF_STREAM
                                            : MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct inflater *open_inflater(int fd, atomic_uint *running)
{
    struct inflater *inflater = calloc(1, sizeof *inflater);
    if (inflater && inflateInit2(&inflater->stream, MAX_WBITS + GZIP_ONLY) != Z_OK) {
        free(inflater);
        inflater = NULL;
    }
    if (inflater) {
        inflater->fd = fd;
        inflater->running = running;
    }
    return inflater;
}

struct MHD_Response *inflate_response(int fd, atomic_uint *running)
{
    if (atomic_fetch_add(running, 1) >= INFLATE_RESPONSES_MAX) {
        atomic_fetch_sub(running, 1);
        return NULL;
    }
    struct inflater *inflater = open_inflater(fd, running);
    struct MHD_Response *response = inflater ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
                                                   OUTPUT_BYTES, read_inflated, inflater, close_inflater)
                                             : NULL;
    if (response)
        return response;
    if (inflater)
        inflateEnd(&inflater->stream);
    free(inflater);
    atomic_fetch_sub(running, 1);
    return NULL;
}
