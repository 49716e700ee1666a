#include "worker/robots_fetch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/memory.h"
#include "worker/fetch.h"
#include "worker/robots_rules.h"

struct robots_fetch {
    struct message_welcome welcome;
    robots_fetch_done done;
    void *context;
    struct fetch *fetch;
    char url[FETCH_URL_SIZE];
    struct message_rules rules;
};

static void say(struct robots_fetch *robots, enum robots_outcome outcome, const char *problem)
{
    robots->rules.outcome = outcome;
    robots->rules.allowed =
        outcome == ROBOTS_OUTCOME_NONE || (outcome == ROBOTS_OUTCOME_FOUND && robots->rules.allowed);
    size_t length = strnlen(problem, sizeof robots->rules.problem - 1);
    /* What the service wrote may be no UTF-8, and mending that would make it longer. */
    for (size_t i = 0; i < length; i++)
        robots->rules.problem[i] = (char)(problem[i] < ' ' || problem[i] > '~' ? '?' : problem[i]);
    robots->rules.problem[length] = 0;
    robots->done(robots->context, &robots->rules);
}

/* The path at which base_url's pages begin: usually "". */
static const char *base_path(const char *base_url)
{
    const char *host = strstr(base_url, "://");
    const char *path = host ? strchr(host + 3, '/') : NULL;
    return path ? path : "";
}

static void read_rules(struct robots_fetch *robots, const struct buffer *body)
{
    char listing[ROBOTS_RULES_PATH_MOST], page[ROBOTS_RULES_PATH_MOST];
    const char *base = base_path(robots->welcome.base_url);
    /* Addresses like those of worker/job.c; that the ids are only examples does not matter to any sane rule.
     */
    int a = snprintf(listing, sizeof listing,
        "%s/leaderboard/listing/0?track=1&car_class=class-1&start=0&count=%llu", base,
        (unsigned long long)robots->welcome.page_size);
    int b = snprintf(page, sizeof page, "%s/leaderboard/?car_class=class-1&track=1", base);
    if (a < 0 || b < 0 || (size_t)a >= sizeof listing || (size_t)b >= sizeof page)
        log_bug("robots.txt: a base_url of %zu bytes", strlen(robots->welcome.base_url));
    const char *const paths[] = {listing, page};
    struct robots_rules rules = robots_rules_read(
        body->data, body->length, robots->welcome.user_agent, paths, robots->welcome.session ? 2 : 1);
    char problem[PROTOCOL_TEXT_SIZE] = "";
    if (!rules.allowed && snprintf(problem, sizeof problem, "Disallow: %s", rules.pattern) < 0)
        problem[0] = 0;
    robots->rules.allowed = rules.allowed;
    robots->rules.crawl_delay_ms = rules.crawl_delay_ms;
    say(robots, ROBOTS_OUTCOME_FOUND, problem);
}

static void request(struct robots_fetch *robots)
{
    robots->rules.requests++;
    fetch_start(robots->fetch, robots->url, NULL, FETCH_ROBOTS);
}

static void follow_redirect(struct robots_fetch *robots, const struct fetch_result *result)
{
    char problem[PROTOCOL_TEXT_SIZE];
    bool same = result->redirect[0] && fetch_same_origin(result->redirect, robots->welcome.base_url);
    if (same && robots->rules.requests < PROTOCOL_ROBOTS_REQUESTS_MAX) {
        memcpy(robots->url, result->redirect, sizeof robots->url);
        request(robots);
        return;
    }
    if (snprintf(problem, sizeof problem, "it is redirected %s (%.150s), which counts as none",
            same ? "too often" : "to another host", result->redirect) < 0)
        problem[0] = 0;
    say(robots, ROBOTS_OUTCOME_NONE, problem);
}

static void on_fetched(void *context, const struct fetch_result *result, struct buffer *body)
{
    struct robots_fetch *robots = context;
    uint64_t status = result->http_status;
    robots->rules.http_status = status;
    robots->rules.retry_after_ms = result->retry_after_ms;
    if (result->failure == FAILURE_NONE) {
        read_rules(robots, body);
    } else if (result->failure == FAILURE_REDIRECT && status) {
        follow_redirect(robots, result);
    } else if (result->failure == FAILURE_HTTP_STATUS && status < 500 && status != 429) {
        say(robots, ROBOTS_OUTCOME_NONE, "");
    } else {
        robots->rules.failure = result->failure;
        say(robots, ROBOTS_OUTCOME_UNREACHABLE, result->problem);
    }
}

struct robots_fetch *robots_fetch_open(
    struct loop *loop, const struct message_welcome *welcome, robots_fetch_done done, void *context)
{
    struct robots_fetch *robots = memory_zalloc(1, sizeof *robots);
    robots->welcome = *welcome;
    robots->done = done;
    robots->context = context;
    struct fetch_options options = {.user_agent = robots->welcome.user_agent,
        .connect_timeout_ms = (int64_t)welcome->connect_timeout_ms,
        .timeout_ms = (int64_t)welcome->timeout_ms,
        .max_response_bytes = welcome->max_response_bytes};
    robots->fetch = fetch_open(loop, &options, on_fetched, robots);
    size_t origin = strlen(welcome->base_url) - strlen(base_path(welcome->base_url));
    int length = snprintf(robots->url, sizeof robots->url, "%.*s/robots.txt", (int)origin, welcome->base_url);
    if (length < 0 || (size_t)length >= sizeof robots->url)
        log_bug("robots.txt: an address of %d bytes", length);
    request(robots);
    return robots;
}

void robots_fetch_close(struct robots_fetch **pointer)
{
    struct robots_fetch *robots = *pointer;
    if (!robots)
        return;
    fetch_close(&robots->fetch);
    free(robots);
    *pointer = NULL;
}

int64_t robots_fetch_tick(struct robots_fetch *robots, int64_t now_ms)
{
    return fetch_tick(robots->fetch, now_ms);
}
