#include "coordinator/control_queries.h"

#include "common/json_writer.h"
#include "common/plural.h"
#include "coordinator/board_card.h"
#include "coordinator/failure_text.h"
#include "coordinator/lease.h"
#include "coordinator/status_fields.h"
#include "coordinator/why.h"

/* Then a list goes on in the next answer: an item more cannot pass the limit of the details, half of
 * CONTROL_REPLY_MAX. */
#define LIST_BYTES (CONTROL_REPLY_MAX / 2 - 4096)

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

/* Why the board that was named is not fetched: answers `why`, and begins the answer to `board`. False: it
 * names none, which is said. */
static bool explain(struct execution *execution, struct target *target, struct why_facts *facts)
{
    if (!execution_target(execution, 0, target) || !target->class_id) {
        execution_say(execution, CONTROL_CODE_WRONG,
            "\"%s\" is not of the form TRACK-CLASS, such as 1671-1703", execution->request->targets[0]);
        return false;
    }
    gather(execution, target, facts);
    bool known = why_explain(facts, execution->reply->text, execution->details) != WHY_UNKNOWN;
    execution->reply->code = known ? CONTROL_CODE_DONE : CONTROL_CODE_FAILED;
    return true;
}

void control_query_why(struct execution *execution)
{
    struct target target;
    struct why_facts facts;
    explain(execution, &target, &facts);
}

/* ---- board ---- */

void control_query_board(struct execution *execution)
{
    const struct control_parts *parts = execution->parts;
    struct target target;
    struct why_facts facts;
    struct record_board record;
    if (!explain(execution, &target, &facts))
        return;
    buffer_clear(execution->details);
    bool kept = store_get_board(parts->store, target.track_id, target.class_id, &record);
    const struct board_card card = {.facts = &facts, .record = kept ? &record : NULL};
    struct json_writer json = json_writer_make(execution->details);
    board_card_write(&card, &json);
}

/* ---- lists ---- */

static void end_list(struct json_writer *json, bool more, uint64_t next)
{
    json_key(json, "next");
    if (more)
        json_uint(json, next);
    else
        json_null(json);
    json_object_end(json);
}

static void put_failed(
    const struct execution *execution, const struct plan_entry *entry, struct json_writer *json)
{
    const struct catalogue *catalogue = execution->parts->catalogue;
    const struct catalogue_item *track = catalogue_find_track(catalogue, entry->track_id);
    const struct catalogue_item *class = catalogue_find_class(catalogue, entry->class_id);
    char error[FAILURE_TEXT_SIZE];
    failure_text(entry, error);
    json_object_begin(json);
    status_field_uint(json, "track_id", entry->track_id);
    status_field_uint(json, "class_id", entry->class_id);
    status_field_string(json, "track", track ? track->name : "");
    status_field_string(json, "class", class ? class->name : "");
    status_field_string(json, "error", error);
    status_field_time(json, "time", entry->failed_at_ms);
    json_key(json, "quarantined");
    json_bool(json, entry->quarantined);
    json_key(json, "missing");
    json_bool(json, entry->missing);
    json_object_end(json);
}

void control_query_failed(struct execution *execution)
{
    struct plan *plan = execution->parts->plan;
    struct plan_counts counts = plan_count_states(plan, execution->now_ms);
    struct json_writer json = json_writer_make(execution->details);
    uint64_t place = execution->request->from;
    json_object_begin(&json);
    status_field_uint(&json, "count", counts.failed);
    json_key(&json, "failed");
    json_array_begin(&json);
    for (; place < plan_count(plan) && execution->details->length < LIST_BYTES; place++) {
        const struct plan_entry *entry = plan_entry(plan, (uint32_t)place);
        if (entry->failed)
            put_failed(execution, entry, &json);
    }
    json_array_end(&json);
    end_list(&json, place < plan_count(plan), place);
    execution_say(execution, CONTROL_CODE_DONE, "%u %s failed in the last refresh", counts.failed,
        plural(counts.failed, "board", "boards"));
}

/* Those from `*place` on, counted from `before`, as pairs of identifier and name. */
static void put_names(struct json_writer *json, const char *key, const struct catalogue_items *items,
    uint64_t before, uint64_t *place)
{
    json_key(json, key);
    json_array_begin(json);
    for (; *place >= before && *place < before + items->count && json->out->length < LIST_BYTES; ++*place) {
        const struct catalogue_item *item = &items->items[*place - before];
        json_array_begin(json);
        json_uint(json, item->id);
        json_string(json, item->name);
        json_array_end(json);
    }
    json_array_end(json);
}

void control_query_names(struct execution *execution)
{
    const struct catalogue *catalogue = execution->parts->catalogue;
    uint64_t place = execution->request->from, count = catalogue->tracks.count + catalogue->classes.count;
    struct json_writer json = json_writer_make(execution->details);
    json_object_begin(&json);
    put_names(&json, "tracks", &catalogue->tracks, 0, &place);
    put_names(&json, "classes", &catalogue->classes, catalogue->tracks.count, &place);
    end_list(&json, place < count, place);
    execution_say(execution, CONTROL_CODE_DONE, "%u tracks and %u classes", catalogue->tracks.count,
        catalogue->classes.count);
}
