#include "exporter/httpd/file_response.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exporter/httpd/inflate_response.h"
#include "exporter/httpd/media_type.h"
#include "exporter/httpd/negotiate.h"
#include "exporter/httpd/range.h"
#include "exporter/httpd/url_path.h"

#define SMALL_MAX      ((size_t)16 * 1024) /* bytes */
#define INFLATED_TIMES 10                  /* as JSON of ours is, about */

struct file {
    int fd;
    struct stat about;
    const char *type;
    enum encoding encoding;
    bool varies; /* by Accept-Encoding */
    char etag[ETAG_SIZE];
    char modified[HTTP_DATE_SIZE];
};

static const char *field(const struct file_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

static enum public_folder_outcome open_gzip_instead(const struct file_request *request, struct file *file)
{
    static const char ending[] = ".json";
    char path[URL_PATH_SIZE + 4];
    size_t length = strlen(request->path);
    if (length < sizeof ending || strcmp(request->path + length - (sizeof ending - 1), ending) != 0)
        return PUBLIC_FOLDER_NOTHING;
    if (snprintf(path, sizeof path, "%s.gz", request->path) >= (int)sizeof path)
        return PUBLIC_FOLDER_NOTHING;
    enum public_folder_outcome outcome = public_folder_open(request->folder, path, &file->fd, &file->about);
    file->varies = true;
    file->encoding =
        accepts_gzip(field(request, MHD_HTTP_HEADER_ACCEPT_ENCODING)) ? ENCODING_GZIP : ENCODING_INFLATED;
    return outcome;
}

static enum public_folder_outcome open_file(const struct file_request *request, struct file *file)
{
    enum public_folder_outcome outcome =
        public_folder_open(request->folder, request->path, &file->fd, &file->about);
    if (outcome == PUBLIC_FOLDER_NOTHING)
        outcome = open_gzip_instead(request, file);
    if (outcome != PUBLIC_FOLDER_OPENED)
        return outcome;
    file->type = media_type(request->path);
    etag_make(&file->about, file->encoding, file->etag);
    http_date(file->about.st_mtime, file->modified);
    return outcome;
}

/* Has the client this very content already? If-Modified-Since counts only without If-None-Match (RFC 9110,
 * 13.1.3), and only if it is the date we gave: files may be replaced by older ones. */
static bool client_has_it(const struct file_request *request, const struct file *file)
{
    const char *etags = field(request, MHD_HTTP_HEADER_IF_NONE_MATCH);
    const char *since = field(request, MHD_HTTP_HEADER_IF_MODIFIED_SINCE);
    if (etags)
        return etag_listed(etags, file->etag, false);
    return since && strcmp(since, file->modified) == 0;
}

/* Does it want another content than there is now (RFC 9110, 13.1.1)? */
static bool client_wants_other(const struct file_request *request, const struct file *file)
{
    const char *etags = field(request, MHD_HTTP_HEADER_IF_MATCH);
    return etags && !etag_listed(etags, file->etag, true);
}

/* If-Range counts with our tag only: a date does not tell two contents of the same second apart. */
static enum range_outcome wanted_range(
    const struct file_request *request, const struct file *file, struct range *range)
{
    const char *only_if = field(request, MHD_HTTP_HEADER_IF_RANGE);
    if (file->encoding == ENCODING_INFLATED || request->always || request->head)
        return RANGE_WHOLE;
    if (only_if && strcmp(only_if, file->etag) != 0)
        return RANGE_WHOLE;
    return range_parse(field(request, MHD_HTTP_HEADER_RANGE), (uint64_t)file->about.st_size, range);
}

static void add_fields(struct MHD_Response *response, const struct file *file)
{
    MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, file->etag);
    MHD_add_response_header(response, MHD_HTTP_HEADER_LAST_MODIFIED, file->modified);
    /* Ask again each time: files that belong together change together, and an unchanged one costs 304. */
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, file->type);
    if (file->varies)
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
    if (file->encoding == ENCODING_GZIP)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
    if (file->encoding != ENCODING_INFLATED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
}

static struct MHD_Response *empty_response(void)
{
    return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
}

static void add_content_range(struct MHD_Response *response, const struct range *range, off_t size)
{
    char text[80];
    int length = range
                     ? snprintf(text, sizeof text, "bytes %llu-%llu/%lld", (unsigned long long)range->offset,
                           (unsigned long long)(range->offset + range->length - 1), (long long)size)
                     : snprintf(text, sizeof text, "bytes */%lld", (long long)size);
    if (length > 0 && (size_t)length < sizeof text)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
}

/* A small file goes out in one piece with the header fields, which costs half of what sendfile(2) after them
 * does. NULL: no memory, or it cannot be read. */
static struct MHD_Response *small_response(int fd, const struct range *range)
{
    size_t size = (size_t)range->length;
    char *bytes = malloc(size + 1);
    if (!bytes || pread(fd, bytes, size, (off_t)range->offset) != (ssize_t)size) {
        free(bytes);
        return NULL;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(bytes);
    return response;
}

/* The body. NULL: no memory, or too many inflate already. Takes `file->fd` (and sets it to -1) where it is
 * sent. */
static struct MHD_Response *body_response(
    const struct file_request *request, struct file *file, const struct range *range)
{
    struct MHD_Response *response;
    if (file->encoding != ENCODING_INFLATED && range->length <= SMALL_MAX)
        return small_response(file->fd, range);
    if (file->encoding == ENCODING_INFLATED)
        response = inflate_response(file->fd, request->inflaters);
    else
        response = MHD_create_response_from_fd_at_offset64(range->length, file->fd, range->offset);
    if (response)
        file->fd = -1;
    return response;
}

static void fill_answer(const struct file_request *request, struct file *file, struct file_answer *answer)
{
    struct range range = {.length = (uint64_t)file->about.st_size};
    answer->status = MHD_HTTP_OK;
    if (!request->always && client_wants_other(request, file))
        answer->status = MHD_HTTP_PRECONDITION_FAILED;
    else if (!request->always && client_has_it(request, file))
        answer->status = MHD_HTTP_NOT_MODIFIED;
    if (answer->status != MHD_HTTP_OK) {
        answer->response = empty_response();
        return;
    }
    enum range_outcome outcome = wanted_range(request, file, &range);
    if (outcome == RANGE_OUTSIDE) {
        answer->status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
        answer->response = empty_response();
        if (answer->response)
            add_content_range(answer->response, NULL, file->about.st_size);
        return;
    }
    answer->bytes = file->encoding == ENCODING_INFLATED ? range.length * INFLATED_TIMES : range.length;
    answer->response = body_response(request, file, &range);
    if (answer->response && outcome == RANGE_PART) {
        answer->status = MHD_HTTP_PARTIAL_CONTENT;
        add_content_range(answer->response, &range, file->about.st_size);
    }
}

enum public_folder_outcome file_response(const struct file_request *request, struct file_answer *answer)
{
    struct file file = {.fd = -1};
    *answer = (struct file_answer){0};
    enum public_folder_outcome outcome = open_file(request, &file);
    if (outcome != PUBLIC_FOLDER_OPENED)
        return outcome;
    fill_answer(request, &file, answer);
    if (file.fd >= 0)
        close(file.fd);
    if (!answer->response)
        return PUBLIC_FOLDER_BUSY;
    add_fields(answer->response, &file);
    return PUBLIC_FOLDER_OPENED;
}
