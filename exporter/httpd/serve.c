#include "exporter/httpd/serve.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/memory.h"
#include "common/metrics.h"
#include "exporter/httpd/connections.h"
#include "exporter/httpd/counters.h"
#include "exporter/httpd/file_response.h"
#include "exporter/httpd/metrics_page.h"
#include "exporter/httpd/negotiate.h"
#include "exporter/httpd/pages.h"
#include "exporter/httpd/url_path.h"

#define THREADS                 2
#define CONNECTION_MEMORY_BYTES ((size_t)8 * 1024) /* request line and header fields, both ways */
#define INDEX_PAGE              "index.html"
#define ERROR_PAGE              "404.html"
#define DATA_PROBE              "cache/status.json"

struct serve {
    const struct public_folder *folder;
    struct status_feed *feed;
    struct MHD_Daemon *daemon;
    struct connections *connections;
    struct counters counters;
    atomic_uint inflaters;
};

/* One request. */
struct request {
    struct serve *serve;
    struct MHD_Connection *connection;
    const char *url;
    bool head;
};

/* ---- answers ---- */

static struct connection *place_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static const char *accepted(const struct request *request)
{
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);
}

/* Queues the response and lets go of it; a NULL response (no memory) ends the connection. */
static enum MHD_Result answer(
    const struct request *request, unsigned status, uint64_t bytes, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    page_add_safety(response);
    if (bytes > 0)
        connections_answering(
            request->serve->connections, place_of(request->connection), bytes, clock_monotonic_ms());
    counters_answered(&request->serve->counters, status);
    enum MHD_Result result = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result answer_error(const struct request *request, unsigned status, const char *text)
{
    return answer(request, status, 0, page_error(status, text, accepts_html(accepted(request))));
}

static enum public_folder_outcome find_file(
    const struct request *request, const char *path, bool always, struct file_answer *found)
{
    const struct file_request wanted = {.connection = request->connection,
        .folder = request->serve->folder,
        .path = path,
        .head = request->head,
        .always = always,
        .inflaters = &request->serve->inflaters};
    return file_response(&wanted, found);
}

/* The folder's own page for browsers, if it has one. */
static enum MHD_Result answer_nothing(const struct request *request)
{
    struct file_answer page;
    if (accepts_html(accepted(request)) &&
        find_file(request, ERROR_PAGE, true, &page) == PUBLIC_FOLDER_OPENED)
        return answer(request, MHD_HTTP_NOT_FOUND, page.bytes, page.response);
    return answer_error(request, MHD_HTTP_NOT_FOUND, "there is no such file");
}

static bool has_data(const struct serve *serve)
{
    int fd;
    struct stat about;
    if (public_folder_open(serve->folder, DATA_PROBE, &fd, &about) != PUBLIC_FOLDER_OPENED)
        return false;
    close(fd);
    return true;
}

static enum MHD_Result answer_file(const struct request *request, const char *path, bool is_root)
{
    struct file_answer found;
    switch (find_file(request, path, false, &found)) {
    case PUBLIC_FOLDER_OPENED:
        return answer(request, found.status, found.bytes, found.response);
    case PUBLIC_FOLDER_BUSY:
        return answer_error(request, MHD_HTTP_SERVICE_UNAVAILABLE, "too much to do, try again");
    case PUBLIC_FOLDER_NOTHING:
        break;
    }
    return is_root ? answer(request, MHD_HTTP_OK, 0, page_start(has_data(request->serve)))
                   : answer_nothing(request);
}

static enum MHD_Result answer_path(const struct request *request)
{
    char path[URL_PATH_SIZE];
    switch (url_path_decode(request->url, path)) {
    case URL_PATH_FOUND:
        return answer_file(request, path, false);
    case URL_PATH_ROOT:
        return answer_file(request, INDEX_PAGE, true);
    case URL_PATH_TOO_LONG:
        return answer_error(request, MHD_HTTP_URI_TOO_LONG, "the path is too long");
    case URL_PATH_BAD:
        return answer_error(request, MHD_HTTP_BAD_REQUEST, "this is not a path");
    case URL_PATH_NOTHING:
        break;
    }
    return answer_nothing(request);
}

/* ---- addresses that are no files ---- */

static enum MHD_Result answer_metrics(const struct request *request)
{
    struct serve *serve = request->serve;
    const struct metrics_sources sources = {serve->feed, serve->connections, &serve->counters};
    enum metrics_format format =
        prefers_plain_metrics(accepted(request)) ? METRICS_PROMETHEUS : METRICS_OPENMETRICS;
    struct buffer page = buffer_make(METRICS_TEXT_MAX);
    metrics_page_write(&sources, format, clock_monotonic_ms(), &page);
    struct MHD_Response *response =
        MHD_create_response_from_buffer(page.length, page.data, MHD_RESPMEM_MUST_COPY);
    buffer_free(&page);
    if (response) {
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, metrics_content_type(format));
        MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
        MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT);
    }
    return answer(request, MHD_HTTP_OK, 0, response);
}

static enum MHD_Result answer_alive(const struct request *request)
{
    return answer(request, MHD_HTTP_OK, 0, page_probe("alive"));
}

/* The coordinator may be away: what is published is there all the same. */
static enum MHD_Result answer_ready(const struct request *request)
{
    if (has_data(request->serve))
        return answer(request, MHD_HTTP_OK, 0, page_probe("ready"));
    return answer(
        request, MHD_HTTP_SERVICE_UNAVAILABLE, 0, page_probe("nothing has been published: no " DATA_PROBE));
}

static enum MHD_Result answer_request(const struct request *request)
{
    FAULT_POINT(HTTPD_REQUEST);
    if (request->serve->feed && strcmp(request->url, "/metrics") == 0)
        return answer_metrics(request);
    if (strcmp(request->url, "/livez") == 0)
        return answer_alive(request);
    if (strcmp(request->url, "/readyz") == 0)
        return answer_ready(request);
    return answer_path(request);
}

/* ---- libmicrohttpd ---- */

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **state)
{
    (void)version, (void)upload;
    const struct request request = {context, connection, url, strcmp(method, MHD_HTTP_METHOD_HEAD) == 0};
    if (!*state)
        connections_answering(request.serve->connections, place_of(connection), 0, clock_monotonic_ms());
    if (!request.head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
        return answer_error(&request, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD are possible");
    /* An answer before the request has ended would cost the connection. Bodies are thrown away. */
    bool ended = *state && *upload_size == 0;
    *state = context; /* the header was seen */
    *upload_size = 0;
    return ended ? answer_request(&request) : MHD_YES;
}

static void connection_changed(
    void *context, struct MHD_Connection *connection, void **place, enum MHD_ConnectionNotificationCode what)
{
    struct serve *serve = context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED)
        *place = connections_add(serve->connections,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
            clock_monotonic_ms());
    else
        connections_remove(serve->connections, *place);
}

static void request_ended(
    void *context, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode how)
{
    (void)state, (void)how;
    struct serve *serve = context;
    connections_waiting(serve->connections, place_of(connection), clock_monotonic_ms());
}

/* Leaves escapes alone: url_path_decode sees the path as it came, an escaped NUL too. */
static size_t keep_escapes(void *context, struct MHD_Connection *connection, char *text)
{
    (void)context, (void)connection;
    return strlen(text);
}

struct serve *serve_open(
    const struct public_folder *folder, struct status_feed *feed, int listen_fd, unsigned connections_max)
{
    struct serve *serve = memory_zalloc(1, sizeof *serve);
    serve->folder = folder;
    serve->feed = feed;
    serve->connections = connections_open(connections_max - connections_max / 8, connections_max / 2);
    /* Not epoll: libmicrohttpd 0.9.75 uses it edge-triggered, and after exactly 128 events at once waits for
     * the next before it looks at them, if need be until a time-out. With our limits poll costs no more.
     * MHD_USE_ITC: else a thread that has all its connections, and does not look at the listening socket,
     * would not hear that it is to end. */
    serve->daemon = MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL, handle, serve,
        MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_LIMIT, connections_max, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVE_IDLE_TIMEOUT_S, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        CONNECTION_MEMORY_BYTES, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_NOTIFY_CONNECTION, connection_changed, serve, MHD_OPTION_NOTIFY_COMPLETED, request_ended,
        serve, MHD_OPTION_END);
    if (!serve->daemon) {
        connections_close(&serve->connections);
        free(serve);
        serve = NULL;
    }
    return serve;
}

void serve_tick(struct serve *serve, int64_t now_ms)
{
    connections_sweep(serve->connections, now_ms);
}

void serve_close(struct serve **serve)
{
    if (*serve) {
        MHD_stop_daemon((*serve)->daemon);
        connections_close(&(*serve)->connections);
        free(*serve);
    }
    *serve = NULL;
}
