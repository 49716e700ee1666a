#include "tests/upstream/serve.h"

#include "tests/upstream/bodies.h"
#include "tests/upstream/limiter.h"
#include "tests/upstream/listings.h"
#include "tests/upstream/random.h"
#include "tests/upstream/raw.h"
#include "tests/upstream/replies.h"
#include "tests/upstream/request_log.h"
#include "tests/upstream/robots.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <libdeflate.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MILLISECOND_US = 1000,
    CONNECTIONS_MAX = 1000,
    GZIP_LEVEL = 1,
};

static const char PAGE_PATH[] = "/leaderboard/";

struct server {
    const struct options *options;
    const struct world *world;
    struct delays *delays;
    struct MHD_Daemon *daemon;
    unsigned port;
    struct stats stats;
    struct limiter limiter;
    struct request_log *log; // NULL: none
    struct robots robots;
    struct libdeflate_compressor *compressor;
    uint64_t next_connection;
    uint64_t next_latency; // counts, as the source of latencies
    struct bodies bodies;  // touched by the server's thread only
};

enum request_state { REQUEST_NEW, REQUEST_ARRIVED, REQUEST_DELAYED, REQUEST_OVER };

// One request, from its header to the end of its answer. While it is suspended it belongs to the timer's
// thread.
struct request {
    struct server *server;
    struct MHD_Connection *connection;
    enum request_state state;
    bool listing;
    uint64_t arrived_us;
    struct reply reply; // what to send after a delay
    struct raw raw;
};

// What libmicrohttpd keeps until a body is sent.
struct sent_body {
    struct server *server;
    struct text text;
};

static void free_sent_body(void *closure)
{
    struct sent_body *sent = closure;
    bodies_give(&sent->server->bodies, &sent->text);
    free(sent);
}

static void *checked(void *memory)
{
    if (!memory) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    return memory;
}

// --- sending ---

static ssize_t read_stream(void *closure, uint64_t position, char *out, size_t most)
{
    const struct request *request = closure;
    const struct reply *reply = &request->reply;
    uint64_t blocks_end = reply->body.length + (uint64_t)reply->repeat * reply->block.length;
    struct view part;
    if (position < reply->body.length) {
        part = (struct view){reply->body.data + position, reply->body.length - position};
    } else if (position < blocks_end) {
        size_t offset = (position - reply->body.length) % reply->block.length;
        part = (struct view){reply->block.data + offset, reply->block.length - offset};
    } else {
        uint64_t offset = position - blocks_end;
        if (offset >= reply->tail.length)
            return MHD_CONTENT_READER_END_OF_STREAM;
        part = (struct view){reply->tail.data + offset, reply->tail.length - offset};
    }
    size_t length = part.length < most ? part.length : most;
    memcpy(out, part.data, length);
    request->server->stats.bytes += length;
    return (ssize_t)length;
}

static bool accepts_gzip(struct MHD_Connection *connection)
{
    const char *accepted = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");
    return accepted && strstr(accepted, "gzip");
}

static void compress_body(struct server *server, struct reply *reply)
{
    struct text packed = bodies_take(&server->bodies);
    text_reserve(&packed, libdeflate_gzip_compress_bound(server->compressor, reply->body.length));
    packed.length = libdeflate_gzip_compress(
        server->compressor, reply->body.data, reply->body.length, packed.data, packed.capacity);
    bodies_give(&server->bodies, &reply->body);
    reply->body = packed;
    reply_add_header(reply, "Content-Encoding", "gzip");
}

// Hands the body's memory over to libmicrohttpd.
static struct MHD_Response *make_response(struct request *request)
{
    struct server *server = request->server;
    struct reply *reply = &request->reply;
    if (reply->kind == REPLY_STREAM)
        return checked(
            MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1 << 16, read_stream, request, NULL));
    if (reply->compressible && server->options->gzip && accepts_gzip(request->connection))
        compress_body(server, reply);
    struct sent_body *sent = checked(malloc(sizeof *sent));
    *sent = (struct sent_body){server, reply->body};
    reply->body = (struct text){0};
    server->stats.bytes += sent->text.length;
    return checked(MHD_create_response_from_buffer_with_free_callback_cls(
        sent->text.length, sent->text.data, free_sent_body, sent));
}

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (MHD_add_response_header(response, name, value) != MHD_YES) {
        fprintf(stderr, "r3e-upstream: header %s: %s cannot be sent\n", name, value);
        abort();
    }
}

static enum MHD_Result send_reply(struct request *request)
{
    struct reply *reply = &request->reply;
    struct MHD_Response *response = make_response(request);
    if (reply->content_type)
        add_header(response, "Content-Type", reply->content_type);
    for (size_t i = 0; i < reply->header_count; i++)
        add_header(response, reply->headers[i].name, reply->headers[i].value);
    enum MHD_Result queued = MHD_queue_response(request->connection, reply->status, response);
    MHD_destroy_response(response);
    return queued;
}

// --- waiting ---

// A service that stops answers nobody: a client would get as much of it as goes out before its connection is
// closed.
static uint64_t resume_request(void *argument, bool stopping)
{
    struct request *request = argument;
    if (stopping)
        request->state = REQUEST_OVER;
    MHD_resume_connection(request->connection);
    return 0;
}

static uint64_t write_raw(void *argument, bool stopping)
{
    struct request *request = argument;
    uint64_t next_us = stopping ? 0 : raw_write(&request->raw, delays_now_us());
    if (next_us == 0)
        MHD_resume_connection(request->connection);
    return next_us;
}

// Lets the request wait. When the service is stopping there is nobody to wake it, so the connection is ended.
static enum MHD_Result suspend(
    struct request *request, enum request_state state, uint64_t due_us, delays_function *function)
{
    request->state = state;
    MHD_suspend_connection(request->connection);
    if (!delays_add(request->server->delays, due_us, function, request)) {
        MHD_resume_connection(request->connection);
        return MHD_NO;
    }
    return MHD_YES;
}

static enum MHD_Result send_raw(struct request *request)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    request->raw = (struct raw){.fd = info->connect_fd, .reply = &request->reply};
    request->server->stats.bytes += request->reply.body.length;
    return suspend(request, REQUEST_OVER, delays_now_us(), write_raw);
}

static enum MHD_Result send_now(struct request *request)
{
    return request->reply.kind == REPLY_RAW ? send_raw(request) : send_reply(request);
}

// --- listings ---

static uint32_t pick_latency_ms(struct server *server)
{
    const struct options *options = server->options;
    uint32_t span = options->latency_max_ms - options->latency_min_ms + 1;
    return options->latency_min_ms + random_below(random_mix(server->next_latency++), span);
}

static void log_listing(struct request *request, const struct listing *listing)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(request->connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    const char *user_agent = MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "User-Agent");
    const char *requested_with =
        MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, "X-Requested-With");
    struct request_log_line line = {.arrived_us = request->arrived_us,
        .connection = (uintptr_t)info->socket_context,
        .listing = request->listing,
        .track_id = listing->track_id,
        .class_id = listing->class_id,
        .start = listing->start,
        .count = listing->count,
        .status = request->reply.status,
        .user_agent = user_agent,
        .requested_with = requested_with};
    request_log_write(request->server->log, &line);
}

static enum MHD_Result answer_listing(struct request *request)
{
    struct server *server = request->server;
    struct listing listing = listing_parse(request->connection);
    request->reply.body = bodies_take(&server->bodies);
    if (limiter_take(&server->limiter, request->arrived_us))
        listing_reply(&request->reply, &listing, server->options, server->world, server->port);
    else
        listing_reply_too_many(&request->reply, server->options);
    server->stats.by_status[request->reply.status]++;
    if (server->log)
        log_listing(request, &listing);
    uint64_t delay_ms = request->reply.delay_ms + pick_latency_ms(server);
    if (delay_ms == 0)
        return send_now(request);
    return suspend(request, REQUEST_DELAYED, request->arrived_us + delay_ms * MILLISECOND_US, resume_request);
}

// --- everything else ---

static void compose_other(struct request *request, const char *path, const char *method)
{
    struct server *server = request->server;
    struct reply *reply = &request->reply;
    bool post = strcmp(method, "POST") == 0;
    reply->status = 200;
    reply->content_type = "application/json";
    if (post && strcmp(path, "/__reset") == 0) {
        stats_reset(&server->stats);
        text_append_string(&reply->body, "{}");
    } else if (post) {
        reply_error(reply, 405, "Method Not Allowed");
    } else if (strcmp(path, "/__stats") == 0) {
        stats_append_json(&reply->body, &server->stats);
    } else if (strcmp(path, "/__version") == 0) {
        text_append_string(&reply->body, "{\"program\":\"r3e-upstream\",\"version\":\"" R3E_VERSION "\"}");
    } else if (strcmp(path, "/robots.txt") == 0) {
        robots_reply(&server->robots, reply, server->options);
    } else if (strcmp(path, PAGE_PATH) == 0) {
        char session[32];
        int length = snprintf(session, sizeof session, "r3e%016" PRIx64, random_mix(server->stats.requests));
        assert(length > 0 && (size_t)length < sizeof session);
        listing_reply_html(reply, session);
    } else {
        reply_error(reply, 404, "Not Found");
    }
}

static enum MHD_Result answer_other(struct request *request, const char *path, const char *method)
{
    struct server *server = request->server;
    compose_other(request, path, method);
    if (strncmp(path, "/__", 3) != 0) {
        server->stats.by_status[request->reply.status]++;
        if (server->log)
            log_listing(request, &(struct listing){0});
    }
    return send_reply(request);
}

// --- libmicrohttpd's calls ---

static enum MHD_Result begin_request(
    struct server *server, struct MHD_Connection *connection, const char *path, void **request_closure)
{
    struct request *request = checked(calloc(1, sizeof *request));
    request->server = server;
    request->connection = connection;
    request->state = REQUEST_ARRIVED;
    request->arrived_us = delays_now_us();
    request->listing = strcmp(path, LISTING_PATH) == 0;
    *request_closure = request;
    if (strncmp(path, "/__", 3) == 0)
        return MHD_YES;
    server->stats.requests++;
    if (request->listing)
        stats_listing_arrived(&server->stats, request->arrived_us);
    return MHD_YES;
}

static enum MHD_Result handle_request(void *closure, struct MHD_Connection *connection, const char *path,
    const char *method, const char *version, const char *upload, size_t *upload_size, void **request_closure)
{
    (void)version;
    (void)upload;
    struct request *request = *request_closure;
    if (!request)
        return begin_request(closure, connection, path, request_closure);
    if (*upload_size > 0) {
        *upload_size = 0;
        return MHD_YES;
    }
    switch (request->state) {
    case REQUEST_DELAYED:
        return send_now(request);
    case REQUEST_OVER:
        return MHD_NO;
    case REQUEST_NEW:
    case REQUEST_ARRIVED:
        break;
    }
    return request->listing ? answer_listing(request) : answer_other(request, path, method);
}

static void end_request(void *closure, struct MHD_Connection *connection, void **request_closure,
    enum MHD_RequestTerminationCode code)
{
    (void)connection;
    (void)code;
    struct server *server = closure;
    struct request *request = *request_closure;
    if (!request)
        return;
    if (request->listing)
        stats_listing_done(&server->stats);
    bodies_give(&server->bodies, &request->reply.body);
    reply_free(&request->reply);
    free(request);
    *request_closure = NULL;
}

static void notice_connection(void *closure, struct MHD_Connection *connection, void **socket_context,
    enum MHD_ConnectionNotificationCode code)
{
    (void)connection;
    struct server *server = closure;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        stats_connection_opened(&server->stats);
        *(uintptr_t *)socket_context = ++server->next_connection;
    } else {
        stats_connection_closed(&server->stats);
    }
}

// --- start and stop ---

static bool start_daemon(struct server *server)
{
    const struct sockaddr_in *address = &server->options->listen;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO | MHD_USE_ITC;
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle_request, server, MHD_OPTION_SOCK_ADDR,
        address, MHD_OPTION_NOTIFY_COMPLETED, end_request, server, MHD_OPTION_NOTIFY_CONNECTION,
        notice_connection, server, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (!server->daemon) {
        char host[INET_ADDRSTRLEN] = "?";
        inet_ntop(AF_INET, &address->sin_addr, host, sizeof host);
        fprintf(stderr, "r3e-upstream: cannot listen on %s:%u: %s; choose another --listen\n", host,
            ntohs(address->sin_port), strerror(errno));
        return false;
    }
    server->port = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    return true;
}

struct server *server_start(const struct options *options, const struct world *world, struct delays *delays)
{
    struct server *server = checked(calloc(1, sizeof *server));
    server->options = options;
    server->world = world;
    server->delays = delays;
    server->compressor = checked(libdeflate_alloc_compressor(GZIP_LEVEL));
    limiter_init(&server->limiter, options->rate, options->burst, delays_now_us());
    bool started = robots_read(&server->robots, options->robots_file);
    if (started && options->log_file) {
        server->log = request_log_open(options->log_file);
        started = server->log != NULL;
    }
    if (started && start_daemon(server))
        return server;
    server_free(server);
    return NULL;
}

unsigned server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server)
{
    MHD_stop_daemon(server->daemon);
    server->daemon = NULL;
}

const struct stats *server_stats(const struct server *server)
{
    return &server->stats;
}

void server_free(struct server *server)
{
    if (server->log)
        request_log_close(server->log);
    bodies_free(&server->bodies);
    robots_free(&server->robots);
    libdeflate_free_compressor(server->compressor);
    free(server);
}
