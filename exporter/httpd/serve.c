#include "exporter/httpd/serve.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/memory.h"
#include "exporter/httpd/file_response.h"
#include "exporter/httpd/url_path.h"

#define THREADS                 2
#define CONNECTION_MEMORY_BYTES ((size_t)8 * 1024) /* request line and header fields, both ways */
#define INDEX_PAGE              "index.html"
#define DATA_PROBE              "cache/status.json"

/* Everything a page needs comes from the site itself. */
#define CONTENT_POLICY                                                                                       \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "    \
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

#define PAGE_BEGIN                                                                                           \
    "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>RaceRoom leaderboards</title>\n"  \
    "<h1>RaceRoom leaderboards</h1>\n"
static const char page_with_data[] = PAGE_BEGIN
    "<p>The published data:</p>\n<ul>\n"
    "<li><a href=\"cache/status.json\">cache/status.json</a>: what there is, and from when\n"
    "<li><a href=\"cache/driver_index.json.gz\">cache/driver_index.json.gz</a>: every driver's results\n"
    "<li><a href=\"cache/top_combinations.json\">cache/top_combinations.json</a>: the largest leaderboards\n"
    "<li>cache/tracks/track_ID/class_ID.json.gz: one leaderboard\n</ul>\n";
static const char page_without_data[] = PAGE_BEGIN "<p>Nothing has been published yet.</p>\n";

struct serve {
    const char *folder;
    struct MHD_Daemon *daemon;
    atomic_uint inflaters;
};

/* ---- answers ---- */

/* Queues the response and lets go of it; a NULL response (no memory) ends the connection. */
static enum MHD_Result answer(
    struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    MHD_add_response_header(response, "Content-Security-Policy", CONTENT_POLICY);
    MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
    MHD_add_response_header(response, "Cross-Origin-Opener-Policy", "same-origin");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* `text` is a literal. libmicrohttpd wants it writable and does not write (MHD_RESPMEM_PERSISTENT). */
static struct MHD_Response *literal(const char *text, const char *type)
{
    union {
        const char *in;
        char *out;
    } bytes = {text};
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), bytes.out, MHD_RESPMEM_PERSISTENT);
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
    }
    return response;
}

static enum MHD_Result answer_error(struct MHD_Connection *connection, unsigned status, const char *text)
{
    struct MHD_Response *response = literal(text, "text/plain; charset=utf-8");
    if (response && status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    if (response && status == MHD_HTTP_SERVICE_UNAVAILABLE)
        MHD_add_response_header(response, MHD_HTTP_HEADER_RETRY_AFTER, "2");
    return answer(connection, status, response);
}

static enum MHD_Result answer_start_page(struct serve *serve, struct MHD_Connection *connection)
{
    int fd;
    struct stat about;
    const char *page = page_without_data;
    if (public_folder_open(serve->folder, DATA_PROBE, &fd, &about) == PUBLIC_FOLDER_OPENED) {
        page = page_with_data;
        close(fd);
    }
    return answer(connection, MHD_HTTP_OK, literal(page, "text/html; charset=utf-8"));
}

static enum MHD_Result answer_file(
    struct serve *serve, struct MHD_Connection *connection, const char *path, bool is_root)
{
    const struct file_request request = {
        .connection = connection, .folder = serve->folder, .path = path, .inflaters = &serve->inflaters};
    struct MHD_Response *response = NULL;
    unsigned status = 0;
    switch (file_response(&request, &response, &status)) {
    case PUBLIC_FOLDER_OPENED:
        return answer(connection, status, response);
    case PUBLIC_FOLDER_BUSY:
        return answer_error(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "too much to do, try again\n");
    case PUBLIC_FOLDER_NOTHING:
        break;
    }
    return is_root ? answer_start_page(serve, connection)
                   : answer_error(connection, MHD_HTTP_NOT_FOUND, "there is no such file\n");
}

static enum MHD_Result answer_path(struct serve *serve, struct MHD_Connection *connection, const char *url)
{
    char path[URL_PATH_SIZE];
    switch (url_path_decode(url, path)) {
    case URL_PATH_FOUND:
        return answer_file(serve, connection, path, false);
    case URL_PATH_ROOT:
        return answer_file(serve, connection, INDEX_PAGE, true);
    case URL_PATH_TOO_LONG:
        return answer_error(connection, MHD_HTTP_URI_TOO_LONG, "the path is too long\n");
    case URL_PATH_BAD:
        return answer_error(connection, MHD_HTTP_BAD_REQUEST, "this is not a path\n");
    case URL_PATH_NOTHING:
        break;
    }
    return answer_error(connection, MHD_HTTP_NOT_FOUND, "there is no such file\n");
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer_error(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are possible\n");
    /* An answer before the request has ended would cost the connection. Bodies are thrown away. */
    bool ended = *state && *upload_size == 0;
    *state = context; /* the header was seen */
    *upload_size = 0;
    return ended ? answer_path(context, connection, url) : MHD_YES;
}

/* ---- the daemon ---- */

/* Leaves escapes alone: url_path_decode sees the path as it came, an escaped NUL too. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

struct serve *serve_open(const char *folder, int listen_fd)
{
    struct serve *serve = memory_zalloc(1, sizeof *serve);
    serve->folder = folder;
    serve->daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, serve,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVE_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVE_IDLE_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY_BYTES, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL, MHD_OPTION_END);
    if (!serve->daemon) {
        free(serve);
        serve = NULL;
    }
    return serve;
}

void serve_close(struct serve **serve)
{
    if (*serve) {
        MHD_stop_daemon((*serve)->daemon);
        free(*serve);
    }
    *serve = NULL;
}
