#include "coordinator/control_commands.h"

#include <stdio.h>
#include <string.h>

#include "common/json_writer.h"
#include "common/log.h"
#include "common/plural.h"
#include "coordinator/control_execution.h"
#include "coordinator/control_queries.h"
#include "coordinator/pause.h"
#include "coordinator/quarantine.h"

#define LIST_SIZE 400 /* identifiers named in a sentence; all of them stand in the details */

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

/* ---- refresh ---- */

static void refresh_all(struct execution *execution)
{
    struct refresh_run *run = execution->parts->refresh;
    bool begun = refresh_run_all(run, execution->now_ms, execution->wall_ms, "asked for by r3ectl");
    uint32_t left = refresh_run_progress(run).full_left;
    execution->wrote = begun;
    execution_say(execution, CONTROL_CODE_DONE,
        begun ? "a full refresh of %u %s begins"
              : "a full refresh is under way and serves this request too; %u %s left",
        left, begun ? plural(left, "board", "boards") : plural(left, "board is", "boards are"));
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
        if (execution_target(execution, i, &target))
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
        snprintf(quarantined, sizeof quarantined, "; %u of them %s so (r3ectl release)", all.quarantined,
            plural(all.quarantined, "is quarantined and stays", "are quarantined and stay")) < 0)
        quarantined[0] = 0;
    execution_say(execution, code, "%u %s fetched before all others, %u of them %s under way already%s%s%s",
        all.combinations, plural(all.combinations, "board is", "boards are"), all.under_way,
        plural(all.under_way, "was", "were"), quarantined,
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
    const char *under_way = plural(leased, "board under way is", "boards under way are");
    if (request->for_s)
        execution_say(execution, CONTROL_CODE_DONE, "paused for %llu s; %u %s finished",
            (unsigned long long)request->for_s, leased, under_way);
    else
        execution_say(execution, CONTROL_CODE_DONE,
            "paused until r3ectl resume, over restarts too; %u %s finished", leased, under_way);
}

static void do_resume(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    bool paused = pause_end(parts->store, parts->holds, execution->now_ms);
    execution->wrote = true;
    enum hold_kind kind = holds_first(parts->holds, execution->now_ms);
    const char *resumed = paused ? "resumed" : "it was not paused";
    if (kind == HOLD_KINDS)
        execution_say(execution, CONTROL_CODE_DONE, "%s", resumed);
    else
        execution_say(execution, CONTROL_CODE_DONE, "%s; nothing is fetched yet: %s", resumed,
            holds_get(parts->holds, kind, execution->now_ms)->text);
}

static void do_drain(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    parts->drain(parts->context);
    unsigned leased = dispatch_leased(parts->dispatch);
    execution_say(execution, CONTROL_CODE_DONE,
        "draining: %u %s finished and published, then the coordinator ends", leased,
        plural(leased, "board under way is", "boards under way are"));
}

/* ---- export ---- */

static void start_export(struct execution *execution)
{
    struct control_reply *reply = execution->reply;
    if (holds_get(execution->parts->holds, HOLD_STOPPING, execution->now_ms)) {
        execution_say(
            execution, CONTROL_CODE_FAILED, "the coordinator is stopping; its next start publishes");
        return;
    }
    reply->run = publisher_request(execution->parts->publisher);
    reply->pending = reply->run != 0;
    if (reply->run)
        execution_say(execution, CONTROL_CODE_DONE,
            "export %llu of this coordinator publishes all that is there now",
            (unsigned long long)reply->run);
    else
        execution_say(
            execution, CONTROL_CODE_FAILED, "there is nothing to publish: the store has no board yet");
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
        execution_say(
            execution, CONTROL_CODE_DONE, "export %llu is not over", (unsigned long long)reply->run);
        break;
    case PUBLISHER_DONE:
        execution_say(
            execution, CONTROL_CODE_DONE, "export %llu is published", (unsigned long long)reply->run);
        break;
    case PUBLISHER_FAILED:
        execution_say(execution, CONTROL_CODE_FAILED,
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
        uint32_t place = execution_target(execution, i, &target) && target.class_id
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
        execution_say(execution, CONTROL_CODE_DONE, "%u released", released);
    else
        execution_say(execution, released ? CONTROL_CODE_PARTLY : CONTROL_CODE_FAILED,
            "%u released; not quarantined, or not of the form TRACK-CLASS: %s", released, list);
}

/* ---- all of them ---- */

/* What changes something leaves a line in the log, for who asks later; queries are nobody's business. */
static void tell(const struct execution *execution)
{
    enum control_command command = execution->request->command;
    bool asks = command >= CONTROL_WHY || (command == CONTROL_EXPORT && execution->request->run);
    log_write(asks ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "control: %s: %s", control_command_string(command),
        execution->reply->text);
    if (!asks)
        events_put(execution->parts->events, EVENT_COMMAND, NULL, execution->wall_ms, "%s: %s",
            control_command_string(command), execution->reply->text);
}

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
        [CONTROL_WHY] = control_query_why,
        [CONTROL_BOARD] = control_query_board,
        [CONTROL_FAILED] = control_query_failed,
        [CONTROL_NAMES] = control_query_names,
    };
    struct execution execution = {.parts = parts,
        .request = request,
        .reply = reply,
        .details = details,
        .now_ms = now_ms,
        .wall_ms = wall_ms};
    functions[request->command](&execution);
    tell(&execution);
    return execution.wrote;
}
