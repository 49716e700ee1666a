#include "coordinator/control_commands.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json_writer.h"
#include "common/log.h"
#include "coordinator/lease.h"
#include "coordinator/pause.h"
#include "coordinator/quarantine.h"
#include "coordinator/target.h"
#include "coordinator/why.h"

#define LIST_SIZE 400 /* identifiers named in a sentence; all of them stand in the details */

/* One request under way. */
struct execution {
    const struct control_parts *parts;
    const struct control_request *request;
    struct control_reply *reply;
    struct buffer *details;
    int64_t now_ms, wall_ms;
    bool wrote;
};

static void say(struct execution *execution, enum control_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void say(struct execution *execution, enum control_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    execution->reply->code = code;
    /* A cut sentence is still one. */
    if (vsnprintf(execution->reply->text, sizeof execution->reply->text, format, arguments) < 0)
        execution->reply->text[0] = 0;
    va_end(arguments);
}

/* ---- identifiers ---- */

/* Those of a request that could not be used, in their order. */
struct strays {
    unsigned count;
    bool is_stray[CONTROL_TARGETS_MAX];
};

/* "a, b, c …" */
static void list_strays(
    const struct execution *execution, const struct strays *strays, char out[static LIST_SIZE])
{
    size_t used = 0;
    out[0] = 0;
    for (unsigned i = 0; i < execution->request->target_count; i++) {
        if (!strays->is_stray[i])
            continue;
        const char *target = execution->request->targets[i];
        if (used + strlen(target) + 8 >= LIST_SIZE) {
            memcpy(out + used, " …", sizeof " …");
            return;
        }
        int length = snprintf(out + used, LIST_SIZE - used, "%s%s", used ? ", " : "", target);
        used += length > 0 ? (size_t)length : 0;
    }
}

static void detail_strays(struct execution *execution, struct json_writer *json, const struct strays *strays)
{
    json_key(json, "unknown");
    json_array_begin(json);
    for (unsigned i = 0; i < execution->request->target_count; i++)
        if (strays->is_stray[i])
            json_string(json, execution->request->targets[i]);
    json_array_end(json);
}

static bool parse(const struct control_request *request, unsigned at, struct target *target)
{
    return target_parse(request->targets[at], strlen(request->targets[at]), target);
}

/* ---- refresh ---- */

static void refresh_all(struct execution *execution)
{
    struct refresh_run *run = execution->parts->refresh;
    bool begun = refresh_run_all(run, execution->now_ms, execution->wall_ms, "asked for by r3ectl");
    uint32_t left = refresh_run_progress(run).full_left;
    execution->wrote = begun;
    say(execution, CONTROL_CODE_DONE,
        begun ? "a full refresh of %u boards begins"
              : "a full refresh is under way and serves this request too; %u boards are left",
        left);
}

static void refresh_some(struct execution *execution)
{
    const struct control_request *request = execution->request;
    struct refresh_matched all = {0};
    struct strays strays = {0};
    char list[LIST_SIZE];
    for (unsigned i = 0; i < request->target_count; i++) {
        struct target target;
        struct refresh_matched matched = {0};
        if (parse(request, i, &target))
            matched = refresh_run_target(execution->parts->refresh, &target, execution->now_ms);
        all.combinations += matched.combinations;
        all.under_way += matched.under_way;
        all.quarantined += matched.quarantined;
        strays.is_stray[i] = matched.combinations == 0;
        strays.count += strays.is_stray[i];
    }
    struct json_writer json = json_writer_make(execution->details);
    json_object_begin(&json);
    json_key(&json, "combinations");
    json_uint(&json, all.combinations);
    json_key(&json, "under_way");
    json_uint(&json, all.under_way);
    json_key(&json, "quarantined");
    json_uint(&json, all.quarantined);
    detail_strays(execution, &json, &strays);
    json_object_end(&json);
    list_strays(execution, &strays, list);
    enum control_code code = !strays.count      ? CONTROL_CODE_DONE
                             : all.combinations ? CONTROL_CODE_PARTLY
                                                : CONTROL_CODE_FAILED;
    char quarantined[100] = "";
    if (all.quarantined &&
        snprintf(quarantined, sizeof quarantined, "; %u of them are quarantined and stay so (r3ectl release)",
            all.quarantined) < 0)
        quarantined[0] = 0;
    say(execution, code, "%u boards are fetched before all others, %u of them were under way already%s%s%s",
        all.combinations, all.under_way, quarantined,
        strays.count ? "; not in the catalogue, or not of the form TRACK or TRACK-CLASS: " : "", list);
}

static void do_refresh(struct execution *execution)
{
    if (execution->request->target_count)
        refresh_some(execution);
    else
        refresh_all(execution);
}

/* ---- pause, resume, drain ---- */

static void do_pause(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    const struct control_request *request = execution->request;
    pause_begin(
        parts->store, parts->holds, request->for_s, request->reason, execution->now_ms, execution->wall_ms);
    execution->wrote = true;
    unsigned leased = dispatch_leased(parts->dispatch);
    if (request->for_s)
        say(execution, CONTROL_CODE_DONE, "paused for %llu s; %u boards under way are finished",
            (unsigned long long)request->for_s, leased);
    else
        say(execution, CONTROL_CODE_DONE,
            "paused until r3ectl resume, over restarts too; %u boards under way are finished", leased);
}

static void do_resume(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    bool paused = pause_end(parts->store, parts->holds, execution->now_ms);
    execution->wrote = true;
    enum hold_kind kind = holds_first(parts->holds, execution->now_ms);
    const char *resumed = paused ? "resumed" : "it was not paused";
    if (kind == HOLD_KINDS)
        say(execution, CONTROL_CODE_DONE, "%s", resumed);
    else
        say(execution, CONTROL_CODE_DONE, "%s; nothing is fetched yet: %s", resumed,
            holds_get(parts->holds, kind, execution->now_ms)->text);
}

static void do_drain(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    parts->drain(parts->context);
    say(execution, CONTROL_CODE_DONE,
        "draining: %u boards under way are finished and published, then the coordinator ends",
        dispatch_leased(parts->dispatch));
}

/* ---- export ---- */

static void start_export(struct execution *execution)
{
    struct control_reply *reply = execution->reply;
    if (holds_get(execution->parts->holds, HOLD_STOPPING, execution->now_ms)) {
        say(execution, CONTROL_CODE_FAILED, "the coordinator is stopping; its next start publishes");
        return;
    }
    reply->run = publisher_request(execution->parts->publisher);
    reply->pending = reply->run != 0;
    if (reply->run)
        say(execution, CONTROL_CODE_DONE, "export %llu of this coordinator publishes all that is there now",
            (unsigned long long)reply->run);
    else
        say(execution, CONTROL_CODE_FAILED, "there is nothing to publish: the store has no board yet");
}

static void do_export(struct execution *execution)
{
    struct control_reply *reply = execution->reply;
    if (!execution->request->run) {
        start_export(execution);
        return;
    }
    reply->run = execution->request->run;
    switch (publisher_outcome(execution->parts->publisher, reply->run)) {
    case PUBLISHER_PENDING:
        reply->pending = true;
        say(execution, CONTROL_CODE_DONE, "export %llu is not over", (unsigned long long)reply->run);
        break;
    case PUBLISHER_DONE:
        say(execution, CONTROL_CODE_DONE, "export %llu is published", (unsigned long long)reply->run);
        break;
    case PUBLISHER_FAILED:
        say(execution, CONTROL_CODE_FAILED,
            "export %llu failed, the coordinator's log says why; what was published before stays",
            (unsigned long long)reply->run);
        break;
    }
}

/* ---- release ---- */

static void do_release(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    struct strays strays = {0};
    unsigned released = 0;
    char list[LIST_SIZE];
    for (unsigned i = 0; i < execution->request->target_count; i++) {
        struct target target;
        uint32_t place = parse(execution->request, i, &target) && target.class_id
                             ? plan_find(parts->plan, target.track_id, target.class_id)
                             : PLAN_NONE;
        bool done =
            place != PLAN_NONE && quarantine_release(parts->store, parts->plan, place, execution->now_ms);
        released += done;
        strays.is_stray[i] = !done;
        strays.count += !done;
    }
    execution->wrote = released > 0;
    struct json_writer json = json_writer_make(execution->details);
    json_object_begin(&json);
    json_key(&json, "released");
    json_uint(&json, released);
    detail_strays(execution, &json, &strays);
    json_object_end(&json);
    list_strays(execution, &strays, list);
    if (!strays.count)
        say(execution, CONTROL_CODE_DONE, "%u released", released);
    else
        say(execution, released ? CONTROL_CODE_PARTLY : CONTROL_CODE_FAILED,
            "%u released; not quarantined, or not of the form TRACK-CLASS: %s", released, list);
}

/* ---- why ---- */

static void gather(const struct execution *execution, const struct target *target, struct why_facts *facts)
{
    const struct control_parts *parts = execution->parts;
    const struct catalogue_item *track = catalogue_find_track(parts->catalogue, target->track_id);
    const struct catalogue_item *class = catalogue_find_class(parts->catalogue, target->class_id);
    uint32_t place = plan_find(parts->plan, target->track_id, target->class_id);
    *facts = (struct why_facts){.track_id = target->track_id,
        .class_id = target->class_id,
        .track_name = track ? track->name : "",
        .class_name = class ? class->name : "",
        .holds = parts->holds,
        .workers = dispatch_roster(parts->dispatch)->count,
        .rate_per_s = dispatch_rate(parts->dispatch),
        .now_ms = execution->now_ms,
        .wall_ms = execution->wall_ms};
    if (place == PLAN_NONE)
        return;
    facts->entry = plan_entry(parts->plan, place);
    if (facts->entry->state == PLAN_WAITING) {
        facts->ahead = plan_ahead(parts->plan, place);
        return;
    }
    const struct lease *lease = dispatch_lease(parts->dispatch, place);
    if (!lease || !lease->worker)
        return;
    facts->worker.name = lease->worker->name;
    facts->worker.host = lease->worker->host;
    facts->worker.pid = lease->worker->pid;
    facts->worker.since_ms = lease->granted_ms;
    facts->worker.page = lease->worker->page;
}

static void do_why(struct execution *execution)
{
    struct target target;
    struct why_facts facts;
    if (!parse(execution->request, 0, &target) || !target.class_id) {
        say(execution, CONTROL_CODE_WRONG, "\"%s\" is not of the form TRACK-CLASS, such as 1671-1703",
            execution->request->targets[0]);
        return;
    }
    gather(execution, &target, &facts);
    bool known = why_explain(&facts, execution->reply->text, execution->details) != WHY_UNKNOWN;
    execution->reply->code = known ? CONTROL_CODE_DONE : CONTROL_CODE_FAILED;
}

/* ---- all of them ---- */

bool control_execute(const struct control_parts *parts, const struct control_request *request,
    struct control_reply *reply, struct buffer *details, int64_t now_ms, int64_t wall_ms)
{
    static void (*const functions[CONTROL_COMMAND_COUNT])(struct execution *) = {
        [CONTROL_REFRESH] = do_refresh,
        [CONTROL_PAUSE] = do_pause,
        [CONTROL_RESUME] = do_resume,
        [CONTROL_DRAIN] = do_drain,
        [CONTROL_EXPORT] = do_export,
        [CONTROL_RELEASE] = do_release,
        [CONTROL_WHY] = do_why,
    };
    struct execution execution = {.parts = parts,
        .request = request,
        .reply = reply,
        .details = details,
        .now_ms = now_ms,
        .wall_ms = wall_ms};
    functions[request->command](&execution);
    log_debug("control: %s: %s", control_command_string(request->command), reply->text);
    return execution.wrote;
}
