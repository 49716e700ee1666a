#include "coordinator/board_card.h"

#include "common/protocol.h"
#include "coordinator/failure_text.h"
#include "coordinator/plan_survey.h"
#include "coordinator/status_fields.h"

static void put_plan(const struct board_card *card, struct json_writer *json)
{
    const struct plan_entry *entry = card->facts->entry;
    char error[FAILURE_TEXT_SIZE] = "";
    bool waits = entry->state == PLAN_WAITING && entry->due_ms != PLAN_MISSING;
    int64_t in_ms = waits ? entry->due_ms - card->facts->now_ms : 0;
    if (entry->failed || entry->retrying)
        failure_text(entry, error);
    status_field_string(json, "state", plan_kind_string(plan_kind_of(entry, card->facts->now_ms)));
    status_field_time(json, "checked", entry->checked_at_ms);
    status_field_time(json, "next_due", waits ? card->facts->wall_ms + (in_ms > 0 ? in_ms : 0) : 0);
    status_field_uint(json, "attempt", entry->attempt);
    json_key(json, "failed");
    json_bool(json, entry->failed);
    json_key(json, "urgent");
    json_bool(json, entry->urgent);
    status_field_string(json, "error", error);
    status_field_time(json, "error_time", error[0] ? entry->failed_at_ms : 0);
}

static void put_record(const struct record_board *record, struct json_writer *json)
{
    status_field_time(json, "fetched", record->fetched_at_ms);
    status_field_time(json, "changed", record->changed_at_ms);
    status_field_uint(json, "entries", record->entry_count);
    status_field_uint(json, "generation", record->generation);
    status_field_uint(json, "rows_bytes", record->rows_length);
    status_field_uint(json, "detail_bytes", record->detail_length);
    status_field_uint(json, "failure_streak", record->failure_streak);
    status_field_uint(json, "worker_deaths", record->worker_deaths);
    status_field_time(json, "quarantined_until", record->quarantined_until_ms);
    status_field_time(json, "gone_since", record->gone_since_ms);
    status_field_uint(json, "aside_streak", record->empty_streak);
    status_field_uint(json, "aside_entries", record->candidate_entries);
    status_field_time(json, "aside_since", record->candidate_since_ms);
    status_field_uint(json, "checks", record->checks);
    status_field_uint(json, "rows_changed", record->rows_changed);
    status_field_uint(json, "watched_s", record->watched_s);
    status_field_string(json, "etag", record->etag);
    status_field_string(json, "last_modified", record->last_modified);
}

void board_card_write(const struct board_card *card, struct json_writer *json)
{
    static const struct record_board nothing;
    const struct why_facts *facts = card->facts;
    json_object_begin(json);
    status_field_uint(json, "track_id", facts->track_id);
    status_field_uint(json, "class_id", facts->class_id);
    status_field_string(json, "track", facts->track_name);
    status_field_string(json, "class", facts->class_name);
    json_key(json, "in_catalogue");
    json_bool(json, facts->entry != NULL);
    if (facts->entry)
        put_plan(card, json);
    put_record(card->record ? card->record : &nothing, json);
    json_object_end(json);
}
