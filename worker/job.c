#include "worker/job.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/fault_trace.h"
#include "common/log.h"
#include "common/memory.h"
#include "worker/content.h"
#include "worker/listing.h"

#define REDIRECTS_MOST 3
/* A page of 1,500 entries makes a tree of about 5 MB. */
#define TREE_LIMIT ((size_t)48 * 1024 * 1024)
/* Kept for the next page: taking memory from the system anew for each was a tenth of a crawl. */
#define TREE_KEEP  ((size_t)6 * 1024 * 1024)
#define BYTES_KEEP ((size_t)512 * 1024)

enum request { REQUEST_SESSION, REQUEST_PAGE };

struct job {
    struct message_welcome welcome;
    struct job_events events;
    struct fetch *fetch;
    struct content *content;
    struct arena tree;
    struct buffer rows, detail;
    struct message_job message; /* lease 0: none in hand */
    struct message_result result;
    char problem[PROTOCOL_TEXT_SIZE]; /* of the step under way */
    char url[FETCH_URL_SIZE];
    char referer[FETCH_URL_SIZE];
    enum request request;
    uint64_t page;
    uint64_t asked; /* number of the last request that was granted or asked for */
    bool asking;
    unsigned redirects;
    bool second_look;  /* the board changed during the first */
    bool session_made; /* the session's page was fetched */
    int64_t started_us;
};

static void on_fetched(void *context, const struct fetch_result *result, struct buffer *body);

struct job *job_open(
    struct loop *loop, const struct message_welcome *welcome, const struct job_events *events)
{
    struct job *job = memory_zalloc(1, sizeof *job);
    struct fetch_options options = {.user_agent = welcome->user_agent,
        .connect_timeout_ms = (int64_t)welcome->connect_timeout_ms,
        .timeout_ms = (int64_t)welcome->timeout_ms,
        .max_response_bytes = welcome->max_response_bytes,
        .cookies = welcome->session};
    job->welcome = *welcome;
    job->events = *events;
    job->tree = arena_make(TREE_LIMIT);
    job->rows = buffer_make(PROTOCOL_PAYLOAD_MAX);
    job->detail = buffer_make(PROTOCOL_PAYLOAD_MAX);
    job->content = content_open();
    job->fetch = fetch_open(loop, &options, on_fetched, job);
    return job;
}

void job_close(struct job **pointer)
{
    struct job *job = *pointer;
    if (!job)
        return;
    fetch_close(&job->fetch);
    content_close(&job->content);
    arena_free(&job->tree);
    buffer_free(&job->rows);
    buffer_free(&job->detail);
    free(job);
    *pointer = NULL;
}

/* ---- results ---- */

static void finish(struct job *job)
{
    struct message_result result = job->result;
    struct text rows = {(const char *)job->rows.data, (uint32_t)job->rows.length};
    struct text detail = {(const char *)job->detail.data, (uint32_t)job->detail.length};
    int64_t duration_us = clock_monotonic_us() - job->started_us;
    result.duration_ms = duration_us > 0 ? (uint64_t)duration_us / 1000 : 0;
    job->message.lease = 0;
    arena_reset(&job->tree, TREE_KEEP);
    job->events.done(job->events.context, &result, rows, detail);
}

static void fail(struct job *job, enum failure failure, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct job *job, enum failure failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* A cut message is still a message. */
    if (vsnprintf(job->result.problem, sizeof job->result.problem, format, arguments) < 0)
        job->result.problem[0] = 0;
    va_end(arguments);
    job->result.outcome = OUTCOME_FAILED;
    job->result.failure = failure;
    job->result.entries = 0;
    log_debug("board %llu-%llu: %s: %s (%s)", (unsigned long long)job->message.track_id,
        (unsigned long long)job->message.class_id, failure_string(failure), job->result.problem, job->url);
    finish(job);
}

static void succeed(struct job *job)
{
    uint8_t hash[RECORD_HASH_SIZE];
    job->result.entries = content_entries(job->content);
    if (!content_finish(job->content, hash)) {
        fail(job, FAILURE_MEMORY, "%u rows in mixed-up order are too many to sort",
            content_entries(job->content));
        return;
    }
    protocol_hash_to_hex(hash, job->result.content_hash);
    if (strcmp(job->result.content_hash, job->message.content_hash) == 0) {
        job->result.outcome = OUTCOME_UNCHANGED;
    } else if (content_encode(job->content, &job->rows, &job->detail)) {
        job->result.outcome = OUTCOME_CHANGED;
    } else {
        buffer_clear(&job->rows);
        buffer_clear(&job->detail);
        job->result.content_hash[0] = 0;
        fail(job, FAILURE_TOO_LARGE, "the board is larger than a result may be");
        return;
    }
    finish(job);
}

/* ---- requests ---- */

static void set_page_url(struct job *job)
{
    uint64_t start = job->page * job->welcome.page_size;
    int length = snprintf(job->url, sizeof job->url,
        "%s/leaderboard/listing/0?track=%llu&car_class=class-%llu&start=%llu&count=%llu",
        job->welcome.base_url, (unsigned long long)job->message.track_id,
        (unsigned long long)job->message.class_id, (unsigned long long)start,
        (unsigned long long)job->welcome.page_size);
    if (length < 0 || (size_t)length >= sizeof job->url)
        log_bug("job: an address of %d bytes", length);
    job->request = REQUEST_PAGE;
    job->redirects = 0;
}

static void set_session_url(struct job *job)
{
    int length = snprintf(job->url, sizeof job->url, "%s/leaderboard/?car_class=class-%llu&track=%llu",
        job->welcome.base_url, (unsigned long long)job->message.class_id,
        (unsigned long long)job->message.track_id);
    if (length < 0 || (size_t)length >= sizeof job->url)
        log_bug("job: an address of %d bytes", length);
    memcpy(job->referer, job->url, (size_t)length + 1);
    job->request = REQUEST_SESSION;
    job->redirects = 0;
}

static void start_request(struct job *job)
{
    enum fetch_kind kind = job->request == REQUEST_SESSION ? FETCH_PAGE : FETCH_LISTING;
    job->result.requests++;
    FAULT_TRACE("request", "lease=%" PRIu64 " track=%" PRIu64 " class=%" PRIu64 " start=%" PRIu64,
        job->message.lease, job->message.track_id, job->message.class_id, job->page * job->welcome.page_size);
    FAULT_POINT(WORKER_BEFORE_REQUEST);
    fetch_start(job->fetch, job->url, job->session_made ? job->referer : NULL, kind);
}

/* Fetches `url` as soon as it may. */
static void request(struct job *job)
{
    if (job->asked < PROTOCOL_PAGES_MAX)
        job->asked++;
    job->asking = true;
    job->events.ask(job->events.context, job->message.lease, job->asked);
}

void job_ask_again(struct job *job)
{
    if (!job->asking)
        log_bug("job: nothing was asked for");
    job->events.ask(job->events.context, job->message.lease, job->asked);
}

void job_granted(struct job *job, uint64_t lease, uint64_t page)
{
    if (!job->asking || lease != job->message.lease || page != job->asked) {
        log_debug("a grant for lease %llu that was not asked for", (unsigned long long)lease);
        return;
    }
    job->asking = false;
    start_request(job);
}

void job_start(struct job *job, const struct message_job *message)
{
    job->message = *message;
    job->started_us = clock_monotonic_us();
    job->result = (struct message_result){.lease = message->lease,
        .attempt = message->attempt,
        .track_id = message->track_id,
        .class_id = message->class_id};
    job->page = job->asked = 0;
    job->second_look = job->asking = false;
    buffer_trim(&job->rows, BYTES_KEEP);
    buffer_trim(&job->detail, BYTES_KEEP);
    content_begin(job->content, &job->message);
    if (job->welcome.session && !job->session_made)
        set_session_url(job);
    else
        set_page_url(job);
    start_request(job);
}

/* ---- answers ---- */

static void follow_redirect(struct job *job, const struct fetch_result *result)
{
    if (!result->redirect[0])
        fail(job, FAILURE_REDIRECT, "HTTP status %llu without an address to go to",
            (unsigned long long)result->http_status);
    else if (!fetch_same_origin(result->redirect, job->welcome.base_url))
        fail(job, FAILURE_REDIRECT, "redirected to %.150s, which is not on the service's own host",
            result->redirect);
    else if (job->redirects++ == REDIRECTS_MOST)
        fail(job, FAILURE_REDIRECT, "more than %d redirects, the last to %.150s", REDIRECTS_MOST,
            result->redirect);
    else {
        memcpy(job->url, result->redirect, sizeof job->url);
        request(job);
    }
}

/* The board changed while it was paged through: looked at once more from its beginning. */
static void look_again(struct job *job)
{
    log_debug("board %llu-%llu changed between two of its pages", (unsigned long long)job->message.track_id,
        (unsigned long long)job->message.class_id);
    job->second_look = true;
    job->page = 0;
    job->result.rejected = 0;
    content_begin(job->content, &job->message);
    set_page_url(job);
    request(job);
}

static void on_listing(struct job *job, const struct listing *listing, size_t page_bytes)
{
    job->result.pages += job->result.pages < PROTOCOL_PAGES_MAX;
    job->result.rejected += listing->rejected;
    if (listing_is_of_another(listing, job->message.track_name, job->message.class_id, job->problem)) {
        fail(job, FAILURE_WRONG_BOARD, "%s", job->problem);
        return;
    }
    if (listing_is_unusable(listing)) {
        fail(job, FAILURE_NOT_A_LISTING,
            "none of the %u entries has a driver or a lap time of the right type", listing->count);
        return;
    }
    bool last = (uint64_t)listing->count + listing->rejected < job->welcome.page_size;
    /* A board of one page cannot change between two. */
    bool single = last && job->page == 0;
    if (single)
        job->events.fetched(job->events.context, page_bytes);
    if (!content_add_page(job->content, listing, &job->tree)) {
        fail(job, FAILURE_MEMORY, "the board needs too much memory at entry %u",
            content_entries(job->content));
        return;
    }
    arena_reset(&job->tree, TREE_KEEP);
    FAULT_POINT(WORKER_PAGE_DONE);
    bool changed = content_duplicates(job->content) || content_is_disordered(job->content);
    if (changed && !job->second_look && !single) {
        look_again(job);
        return;
    }
    if (last) {
        if (!single)
            job->events.fetched(job->events.context, page_bytes);
        succeed(job);
        return;
    }
    if (++job->page == job->welcome.max_pages) {
        fail(job, FAILURE_TOO_MANY_PAGES, "more than %llu pages", (unsigned long long)job->welcome.max_pages);
        return;
    }
    set_page_url(job);
    request(job);
}

static void on_page(struct job *job, struct buffer *body)
{
    struct listing listing;
    size_t page_bytes = body->length;
    FAULT_POINT(WORKER_BEFORE_PARSE);
    enum failure failure = listing_parse(&listing, &job->tree, body, job->problem);
    FAULT_POINT(WORKER_AFTER_PARSE);
    if (failure == FAILURE_NONE)
        on_listing(job, &listing, page_bytes);
    else
        fail(job, failure, "%s", job->problem);
}

static void on_fetched(void *context, const struct fetch_result *result, struct buffer *body)
{
    struct job *job = context;
    job->result.http_status = result->http_status;
    job->result.retry_after_ms = result->retry_after_ms;
    job->result.bytes += result->bytes;
    if (result->duration_ms > job->result.latency_ms)
        job->result.latency_ms = result->duration_ms;
    if (result->failure == FAILURE_REDIRECT && result->http_status) {
        follow_redirect(job, result);
    } else if (result->failure != FAILURE_NONE) {
        fail(job, result->failure, "%s", result->problem);
    } else if (job->request == REQUEST_SESSION) {
        job->session_made = true;
        set_page_url(job);
        request(job);
    } else {
        on_page(job, body);
    }
}

/* ---- state ---- */

void job_abandon(struct job *job)
{
    fetch_abort(job->fetch);
    job->message.lease = 0;
    job->asking = false;
}

uint64_t job_lease(const struct job *job)
{
    return job->message.lease;
}

bool job_is_asking(const struct job *job)
{
    return job->asking;
}

uint64_t job_page(const struct job *job)
{
    return job->page;
}

int64_t job_tick(struct job *job, int64_t now_ms)
{
    return fetch_tick(job->fetch, now_ms);
}
