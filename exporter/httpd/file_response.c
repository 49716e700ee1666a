#include "exporter/httpd/file_response.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exporter/httpd/inflate_response.h"
#include "exporter/httpd/media_type.h"
#include "exporter/httpd/negotiate.h"
#include "exporter/httpd/range.h"
#include "exporter/httpd/url_path.h"

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
        return etag_listed(etags, file->etag);
    return since && strcmp(since, file->modified) == 0;
}

static enum range_outcome wanted_range(
    const struct file_request *request, const struct file *file, struct range *range)
{
    const char *only_if = field(request, MHD_HTTP_HEADER_IF_RANGE);
    if (file->encoding == ENCODING_INFLATED)
        return RANGE_WHOLE;
    if (only_if && strcmp(only_if, file->etag) != 0 && strcmp(only_if, file->modified) != 0)
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

/* NULL: no memory, or too many inflate already. Takes `file->fd` (and sets it to -1) where it is sent. */
static struct MHD_Response *make_response(
    const struct file_request *request, struct file *file, unsigned *status)
{
    struct range range = {.length = (uint64_t)file->about.st_size};
    struct MHD_Response *response;
    *status = MHD_HTTP_OK;
    if (client_has_it(request, file)) {
        *status = MHD_HTTP_NOT_MODIFIED;
        return empty_response();
    }
    enum range_outcome outcome = wanted_range(request, file, &range);
    if (outcome == RANGE_OUTSIDE) {
        *status = MHD_HTTP_RANGE_NOT_SATISFIABLE;
        response = empty_response();
        if (response)
            add_content_range(response, NULL, file->about.st_size);
        return response;
    }
    if (file->encoding == ENCODING_INFLATED)
        response = inflate_response(file->fd, request->inflaters);
    else
        response = MHD_create_response_from_fd_at_offset64(range.length, file->fd, range.offset);
    if (response)
        file->fd = -1;
    if (response && outcome == RANGE_PART) {
        *status = MHD_HTTP_PARTIAL_CONTENT;
        add_content_range(response, &range, file->about.st_size);
    }
    return response;
}

enum public_folder_outcome file_response(
    const struct file_request *request, struct MHD_Response **response, unsigned *status)
{
    struct file file = {.fd = -1};
    enum public_folder_outcome outcome = open_file(request, &file);
    if (outcome != PUBLIC_FOLDER_OPENED)
        return outcome;
    *response = make_response(request, &file, status);
    if (file.fd >= 0)
        close(file.fd);
    if (!*response)
        return PUBLIC_FOLDER_BUSY;
    add_fields(*response, &file);
    return PUBLIC_FOLDER_OPENED;
}
