#include "coordinator/why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/json_writer.h"
#include "common/protocol.h"
#include "coordinator/lease.h"
#include "coordinator/quarantine.h"

#define X(name, string) string,
static const char *const kind_strings[] = {WHY_KINDS(X)};
#undef X

#define FAILURE_SIZE 64

/* What is said of one board: put together piece by piece. */
struct answer {
    const struct why_facts *facts;
    struct buffer sentence;
    struct json_writer json;
    const struct hold *hold; /* the first there is; NULL: none */
    enum hold_kind hold_kind;
};

static void say(struct answer *answer, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct answer *answer, const char *format, ...)
{
    char text[CONTROL_TEXT_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length > 0)
        buffer_append_string(&answer->sentence, text);
}

/* A monotonic time as people read it. */
static const char *wall_of(const struct why_facts *facts, int64_t at_ms, char out[static CLOCK_RFC3339_SIZE])
{
    clock_rfc3339(facts->wall_ms + (at_ms - facts->now_ms), out);
    return out;
}

static void put_time(struct answer *answer, const char *key, int64_t at_ms)
{
    char time[CLOCK_RFC3339_SIZE];
    json_key(&answer->json, key);
    json_string(&answer->json, wall_of(answer->facts, at_ms, time));
}

static void put_string(struct answer *answer, const char *key, const char *value)
{
    json_key(&answer->json, key);
    json_string(&answer->json, value);
}

static void put_number(struct answer *answer, const char *key, uint64_t value)
{
    json_key(&answer->json, key);
    json_uint(&answer->json, value);
}

/* "timeout", "http_status 503". */
static void name_failure(const struct plan_entry *entry, char out[static FAILURE_SIZE])
{
    const char *reason = failure_string((enum failure)entry->last_failure);
    int length = entry->last_http_status
                     ? snprintf(out, FAILURE_SIZE, "%s %u", reason, entry->last_http_status)
                     : snprintf(out, FAILURE_SIZE, "%s", reason);
    if (length < 0)
        out[0] = 0;
}

static enum why_kind find_kind(const struct answer *answer)
{
    const struct why_facts *facts = answer->facts;
    const struct plan_entry *entry = facts->entry;
    if (!entry)
        return WHY_UNKNOWN;
    if (entry->state == PLAN_LEASED)
        return WHY_LEASED;
    if (entry->due_ms > facts->now_ms)
        return entry->quarantined ? WHY_QUARANTINED : entry->retrying ? WHY_RETRYING : WHY_NOT_DUE;
    if (answer->hold)
        return WHY_HELD;
    return facts->workers ? WHY_QUEUED : WHY_NO_WORKER;
}

/* ---- one sentence for each kind ---- */

static void tell_leased(struct answer *answer)
{
    const struct why_facts *facts = answer->facts;
    char since[CLOCK_RFC3339_SIZE];
    if (!facts->worker.name) {
        say(answer, "was being fetched by a worker that is gone; another gets it within seconds");
        return;
    }
    say(answer, "is being fetched by worker %s (%s, pid %ld) since %s, page %llu", facts->worker.name,
        facts->worker.host, facts->worker.pid, wall_of(facts, facts->worker.since_ms, since),
        (unsigned long long)facts->worker.page + 1);
    put_string(answer, "worker", facts->worker.name);
    put_string(answer, "host", facts->worker.host);
    put_number(answer, "pid", (uint64_t)facts->worker.pid);
    put_time(answer, "since", facts->worker.since_ms);
    put_number(answer, "page", facts->worker.page + 1);
}

static void tell_waiting(struct answer *answer, enum why_kind kind)
{
    const struct plan_entry *entry = answer->facts->entry;
    char until[CLOCK_RFC3339_SIZE], failure[FAILURE_SIZE];
    wall_of(answer->facts, entry->due_ms, until);
    name_failure(entry, failure);
    if (kind == WHY_QUARANTINED)
        say(answer,
            "is quarantined until %s, as %d workers died while they held it; r3ectl release %u-%u ends that "
            "sooner",
            until, QUARANTINE_DEATHS, entry->track_id, entry->class_id);
    else if (kind == WHY_RETRYING)
        say(answer, "failed (%s) and is tried again at %s, attempt %u", failure, until, entry->attempt + 1);
    else if (entry->failed)
        say(answer, "failed (%s), was given up and is not due again until %s", failure, until);
    else
        say(answer, "is up to date and not due until %s", until);
    put_time(answer, "until", entry->due_ms);
    if (kind != WHY_NOT_DUE || entry->failed)
        put_string(answer, "failure", failure);
    if (answer->hold)
        say(answer, "; besides, nothing is fetched now: %s", answer->hold->text);
}

static void tell_held(struct answer *answer)
{
    char until[CLOCK_RFC3339_SIZE];
    say(answer, "is due, but nothing is fetched now: %s", answer->hold->text);
    if (answer->hold->until_ms == HOLD_FOREVER)
        return;
    say(answer, " (until %s)", wall_of(answer->facts, answer->hold->until_ms, until));
    put_time(answer, "until", answer->hold->until_ms);
}

static void tell_queued(struct answer *answer)
{
    const struct why_facts *facts = answer->facts;
    say(answer, "is due and number %u in the queue", facts->ahead + 1);
    if (facts->rate_per_s > 0)
        say(answer, ", at up to %.3g requests per second", facts->rate_per_s);
    put_number(answer, "place", (uint64_t)facts->ahead + 1);
}

static void tell(struct answer *answer, enum why_kind kind)
{
    switch (kind) {
    case WHY_UNKNOWN:
        say(answer, "is not in the catalogue; r3ectl catalogue import takes a new game release in");
        break;
    case WHY_LEASED:
        tell_leased(answer);
        break;
    case WHY_QUARANTINED:
    case WHY_RETRYING:
    case WHY_NOT_DUE:
        tell_waiting(answer, kind);
        break;
    case WHY_HELD:
        tell_held(answer);
        break;
    case WHY_NO_WORKER:
        say(answer, "is due, but no worker is connected");
        break;
    case WHY_QUEUED:
    case WHY_KIND_COUNT:
        tell_queued(answer);
        break;
    }
}

enum why_kind why_explain(
    const struct why_facts *facts, char text[static CONTROL_TEXT_SIZE], struct buffer *details)
{
    struct answer answer = {.facts = facts,
        .sentence = buffer_make(CONTROL_TEXT_SIZE - 1),
        .json = json_writer_make(details),
        .hold_kind = holds_first(facts->holds, facts->now_ms)};
    if (answer.hold_kind < HOLD_KINDS)
        answer.hold = holds_get(facts->holds, answer.hold_kind, facts->now_ms);
    enum why_kind kind = find_kind(&answer);
    json_object_begin(&answer.json);
    put_number(&answer, "track_id", facts->track_id);
    put_number(&answer, "class_id", facts->class_id);
    put_string(&answer, "why", kind_strings[kind]);
    put_string(&answer, "hold", answer.hold ? hold_kind_string(answer.hold_kind) : "");
    say(&answer, "%u-%u", facts->track_id, facts->class_id);
    if (facts->track_name[0] && facts->class_name[0])
        say(&answer, " (%s, %s)", facts->track_name, facts->class_name);
    say(&answer, " ");
    tell(&answer, kind);
    json_object_end(&answer.json);
    int length = snprintf(text, CONTROL_TEXT_SIZE, "%s", buffer_string(&answer.sentence));
    if (length < 0)
        text[0] = 0;
    buffer_free(&answer.sentence);
    return kind;
}
