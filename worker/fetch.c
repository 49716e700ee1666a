#include "worker/fetch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <curl/curl.h>

#include "common/clock.h"
#include "common/fault_point.h"
#include "common/log.h"
#include "common/memory.h"
#include "worker/fetch_failure.h"
#include "worker/retry_after.h"

#define HEADER_BYTES_MOST ((size_t)64 * 1024)
#define BODY_KEEP         ((size_t)2 * 1024 * 1024) /* a full page is 1.3 MB */
#define EVENTS_PER_ROUND  8
/* libcurl asks the system before each read whether there is more: with its own 16 kB that is a fifth of a
 * crawl. */
#define RECEIVE_BYTES (64L * 1024)
/* Slower than this for so long counts as stalled, long before the whole time is over. */
#define LOW_SPEED_BYTES_PER_S 100L
#define LOW_SPEED_TIME_S      20L

struct fetch {
    struct loop *loop;
    fetch_done done;
    void *context;
    struct fetch_options options;
    char *user_agent;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers[FETCH_KINDS];
    int epoll_fd; /* curl's sockets: the loop watches this one descriptor */
    bool busy;
    int64_t due_ms; /* when curl wants to be called; LOOP_SLEEP_FOREVER: not */
    int64_t started_us;
    struct buffer body;
    size_t header_bytes;
    uint64_t retry_after_ms;
    enum failure own_failure; /* why a callback of ours stopped the transfer */
    char error[CURL_ERROR_SIZE];
};

/* ---- what curl calls ---- */

static size_t on_body(char *bytes, size_t size, size_t count, void *context)
{
    struct fetch *fetch = context;
    FAULT_POINT(WORKER_MID_BODY);
    if (buffer_append(&fetch->body, bytes, size * count))
        return size * count;
    fetch->own_failure = FAILURE_TOO_LARGE;
    return 0;
}

static void read_retry_after(struct fetch *fetch, const char *line, size_t length)
{
    static const char name[] = "retry-after:";
    char value[128];
    size_t name_length = sizeof name - 1;
    if (length <= name_length || length - name_length >= sizeof value ||
        strncasecmp(line, name, name_length) != 0)
        return;
    memcpy(value, line + name_length, length - name_length);
    value[length - name_length] = 0;
    uint64_t wanted_ms = retry_after_ms(value, clock_wall_ms());
    if (wanted_ms > fetch->retry_after_ms)
        fetch->retry_after_ms = wanted_ms;
}

static size_t on_header(char *line, size_t size, size_t count, void *context)
{
    struct fetch *fetch = context;
    size_t length = size * count;
    fetch->header_bytes += length;
    if (fetch->header_bytes > HEADER_BYTES_MOST) {
        fetch->own_failure = FAILURE_TOO_LARGE;
        return 0;
    }
    read_retry_after(fetch, line, length);
    return length;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    (void)easy;
    struct fetch *fetch = context;
    if (what == CURL_POLL_REMOVE) {
        /* It may be closed already, and has left the set by that. */
        epoll_ctl(fetch->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    struct epoll_event event = {.data.fd = fd};
    if (what & CURL_POLL_IN)
        event.events |= EPOLLIN;
    if (what & CURL_POLL_OUT)
        event.events |= EPOLLOUT;
    int operation = socket_context ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (epoll_ctl(fetch->epoll_fd, operation, fd, &event) < 0)
        log_fatal("cannot watch a connection: %s", strerror(errno));
    curl_multi_assign(fetch->multi, fd, fetch);
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *context)
{
    (void)multi;
    struct fetch *fetch = context;
    fetch->due_ms = timeout_ms < 0 ? LOOP_SLEEP_FOREVER : clock_monotonic_ms() + timeout_ms;
    return 0;
}

/* ---- ending a request ---- */

static uint64_t duration_ms(const struct fetch *fetch)
{
    int64_t us = clock_monotonic_us() - fetch->started_us;
    return us > 0 ? (uint64_t)us / 1000 : 0;
}

static void release(struct fetch *fetch)
{
    if (fetch->busy)
        curl_multi_remove_handle(fetch->multi, fetch->easy);
    fetch->busy = false;
}

static void copy_redirect(struct fetch *fetch, struct fetch_result *result)
{
    char *url = NULL;
    curl_easy_getinfo(fetch->easy, CURLINFO_REDIRECT_URL, &url);
    size_t length = url ? strlen(url) : 0;
    if (length > 0 && length < sizeof result->redirect)
        memcpy(result->redirect, url, length + 1);
}

static void finish(struct fetch *fetch, CURLcode code)
{
    struct fetch_result result = {.bytes = fetch->body.length,
        .duration_ms = duration_ms(fetch),
        .retry_after_ms = fetch->retry_after_ms};
    long status = 0;
    curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
    result.http_status = status > 0 && status <= 999 ? (uint64_t)status : 0;
    struct fetch_ending ending = {.code = code,
        .own_failure = fetch->own_failure,
        .http_status = result.http_status,
        .header_bytes = fetch->header_bytes,
        .header_bytes_most = HEADER_BYTES_MOST,
        .body_bytes = result.bytes,
        .body_bytes_most = fetch->options.max_response_bytes,
        .error = fetch->error};
    result.failure = fetch_failure_explain(&ending, result.problem);
    if (result.failure == FAILURE_REDIRECT)
        copy_redirect(fetch, &result);
    release(fetch);
    FAULT_POINT(WORKER_FETCHED);
    fetch->done(fetch->context, &result, &fetch->body);
}

static void take_finished(struct fetch *fetch)
{
    int left;
    const CURLMsg *message;
    while (fetch->busy && (message = curl_multi_info_read(fetch->multi, &left))) {
        if (message->msg == CURLMSG_DONE)
            finish(fetch, message->data.result);
    }
}

/* ---- running ---- */

static void drive(struct fetch *fetch, curl_socket_t fd, int events)
{
    int running;
    CURLMcode code = curl_multi_socket_action(fetch->multi, fd, events, &running);
    if (code != CURLM_OK)
        log_bug("fetch: curl_multi_socket_action: %s", curl_multi_strerror(code));
}

static void on_readable(void *context)
{
    struct fetch *fetch = context;
    struct epoll_event events[EVENTS_PER_ROUND];
    int count = epoll_wait(fetch->epoll_fd, events, EVENTS_PER_ROUND, 0);
    for (int i = 0; i < count; i++) {
        int flags = 0;
        if (events[i].events & EPOLLIN)
            flags |= CURL_CSELECT_IN;
        if (events[i].events & EPOLLOUT)
            flags |= CURL_CSELECT_OUT;
        if (events[i].events & (EPOLLERR | EPOLLHUP))
            flags |= CURL_CSELECT_ERR;
        drive(fetch, events[i].data.fd, flags);
    }
    take_finished(fetch);
}

int64_t fetch_tick(struct fetch *fetch, int64_t now_ms)
{
    if (fetch->due_ms <= now_ms) {
        fetch->due_ms = LOOP_SLEEP_FOREVER;
        drive(fetch, CURL_SOCKET_TIMEOUT, 0);
    }
    take_finished(fetch); /* also what ended while it was being started */
    if (fetch->due_ms == LOOP_SLEEP_FOREVER)
        return LOOP_SLEEP_FOREVER;
    return fetch->due_ms > now_ms ? fetch->due_ms - now_ms : 0;
}

void fetch_start(struct fetch *fetch, const char *url, const char *referer, enum fetch_kind kind)
{
    if (fetch->busy)
        log_bug("fetch: a request is under way");
    buffer_trim(&fetch->body, BODY_KEEP);
    fetch->header_bytes = 0;
    fetch->retry_after_ms = 0;
    fetch->own_failure = FAILURE_NONE;
    fetch->error[0] = 0;
    fetch->started_us = clock_monotonic_us();
    curl_easy_setopt(fetch->easy, CURLOPT_URL, url);
    curl_easy_setopt(fetch->easy, CURLOPT_REFERER, referer);
    curl_easy_setopt(fetch->easy, CURLOPT_HTTPHEADER, fetch->headers[kind]);
    CURLMcode code = curl_multi_add_handle(fetch->multi, fetch->easy);
    if (code != CURLM_OK)
        log_fatal("cannot start a request: %s", curl_multi_strerror(code));
    fetch->busy = true;
    /* Sends at once over a kept connection. */
    drive(fetch, CURL_SOCKET_TIMEOUT, 0);
}

void fetch_abort(struct fetch *fetch)
{
    release(fetch);
}

/* ---- setting up ---- */

static void set_long(struct fetch *fetch, CURLoption option, long value)
{
    CURLcode code = curl_easy_setopt(fetch->easy, option, value);
    if (code != CURLE_OK)
        log_bug("fetch: option %d: %s", (int)option, curl_easy_strerror(code));
}

static void set_easy_options(struct fetch *fetch)
{
    CURL *easy = fetch->easy;
    set_long(fetch, CURLOPT_NOSIGNAL, 1);
    set_long(fetch, CURLOPT_FOLLOWLOCATION, 0);
    set_long(fetch, CURLOPT_SSL_VERIFYPEER, 1);
    set_long(fetch, CURLOPT_SSL_VERIFYHOST, 2);
    /* One connection carries one request at a time here: nothing that HTTP/2 could do better. */
    set_long(fetch, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    set_long(fetch, CURLOPT_TCP_KEEPALIVE, 1);
    set_long(fetch, CURLOPT_BUFFERSIZE, RECEIVE_BYTES);
    set_long(fetch, CURLOPT_CONNECTTIMEOUT_MS, (long)fetch->options.connect_timeout_ms);
    set_long(fetch, CURLOPT_TIMEOUT_MS, (long)fetch->options.timeout_ms);
    set_long(fetch, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED_BYTES_PER_S);
    set_long(fetch, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_TIME_S);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, fetch->user_agent);
    curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)fetch->options.max_response_bytes);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
    if (fetch->options.cookies)
        curl_easy_setopt(easy, CURLOPT_COOKIEFILE, "");
}

static void set_multi_options(struct fetch *fetch)
{
    curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(fetch->multi, CURLMOPT_SOCKETDATA, fetch);
    curl_multi_setopt(fetch->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(fetch->multi, CURLMOPT_TIMERDATA, fetch);
    curl_multi_setopt(fetch->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
    curl_multi_setopt(fetch->multi, CURLMOPT_MAXCONNECTS, 1L);
}

struct fetch *fetch_open(
    struct loop *loop, const struct fetch_options *options, fetch_done done, void *context)
{
    struct fetch *fetch = memory_zalloc(1, sizeof *fetch);
    fetch->loop = loop;
    fetch->done = done;
    fetch->context = context;
    fetch->options = *options;
    fetch->user_agent = memory_strdup(options->user_agent);
    fetch->body = buffer_make(options->max_response_bytes);
    fetch->due_ms = LOOP_SLEEP_FOREVER;
    fetch->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    /* CURL_GLOBAL_NOTHING leaves TLS to OpenSSL's own first use: a worker that speaks http never pays for it.
     */
    if (fetch->epoll_fd < 0 || curl_global_init(CURL_GLOBAL_NOTHING) != CURLE_OK)
        log_fatal("cannot start libcurl: %s", strerror(errno));
    fetch->multi = curl_multi_init();
    fetch->easy = curl_easy_init();
    fetch->headers[FETCH_LISTING] = curl_slist_append(NULL, "X-Requested-With: XMLHttpRequest");
    struct curl_slist *more = curl_slist_append(fetch->headers[FETCH_LISTING], "Accept: application/json");
    fetch->headers[FETCH_PAGE] = curl_slist_append(NULL, "Accept: text/html");
    fetch->headers[FETCH_ROBOTS] = curl_slist_append(NULL, "Accept: text/plain");
    if (!fetch->multi || !fetch->easy || !fetch->headers[FETCH_LISTING] || !more ||
        !fetch->headers[FETCH_PAGE] || !fetch->headers[FETCH_ROBOTS])
        log_fatal("no memory for libcurl; raise the memory limit");
    set_easy_options(fetch);
    set_multi_options(fetch);
    loop_add_fd(loop, fetch->epoll_fd, on_readable, fetch);
    return fetch;
}

void fetch_close(struct fetch **pointer)
{
    struct fetch *fetch = *pointer;
    if (!fetch)
        return;
    release(fetch);
    loop_remove_fd(fetch->loop, fetch->epoll_fd);
    curl_easy_cleanup(fetch->easy);
    curl_multi_cleanup(fetch->multi);
    for (int kind = 0; kind < FETCH_KINDS; kind++)
        curl_slist_free_all(fetch->headers[kind]);
    curl_global_cleanup();
    close(fetch->epoll_fd);
    buffer_free(&fetch->body);
    free(fetch->user_agent);
    free(fetch);
    *pointer = NULL;
}

/* ---- addresses ---- */

static bool same_part(CURLU *left, CURLU *right, CURLUPart part)
{
    char *a = NULL, *b = NULL;
    bool same = curl_url_get(left, part, &a, CURLU_DEFAULT_PORT) == CURLUE_OK &&
                curl_url_get(right, part, &b, CURLU_DEFAULT_PORT) == CURLUE_OK && strcasecmp(a, b) == 0;
    curl_free(a);
    curl_free(b);
    return same;
}

bool fetch_same_origin(const char *left, const char *right)
{
    CURLU *a = curl_url(), *b = curl_url();
    bool same = a && b && curl_url_set(a, CURLUPART_URL, left, 0) == CURLUE_OK &&
                curl_url_set(b, CURLUPART_URL, right, 0) == CURLUE_OK && same_part(a, b, CURLUPART_SCHEME) &&
                same_part(a, b, CURLUPART_HOST) && same_part(a, b, CURLUPART_PORT);
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return same;
}
