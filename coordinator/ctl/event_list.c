#include "coordinator/ctl/event_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "coordinator/ctl/told.h"

static void take_board(const cJSON *object, struct event_row *row)
{
    uint64_t track_id = told_count(object, "track_id"), class_id = told_count(object, "class_id");
    int length = 0;
    if (track_id)
        length = snprintf(row->board, sizeof row->board, "%llu-%llu", (unsigned long long)track_id,
            (unsigned long long)class_id);
    if (length <= 0)
        row->board[0] = '\0';
}

static void take_row(const cJSON *object, struct event_row *row)
{
    const char *track = told_text(object, "track"), *class = told_text(object, "class");
    told_copy(object, "time", row->time, sizeof row->time);
    told_copy(object, "kind", row->kind, sizeof row->kind);
    int length = track[0] ? snprintf(row->text, sizeof row->text, "%s, %s: %s", track, class,
                                told_text(object, "text"))
                          : snprintf(row->text, sizeof row->text, "%s", told_text(object, "text"));
    if (length < 0)
        row->text[0] = '\0';
    take_board(object, row);
}

bool event_is_frequent(const char *kind)
{
    static const char *const frequent[] = {
        "worker_joined", "worker_left", "board_stored", "board_aside", "board_failed", "board_given_up"};
    for (size_t i = 0; i < sizeof frequent / sizeof *frequent; i++)
        if (strcmp(frequent[i], kind) == 0)
            return true;
    return false;
}

/* The oldest of the kind, frequent or rare, that has more than its half. */
static unsigned place_to_free(const struct event_list *list)
{
    unsigned frequent = 0, place = 0;
    for (unsigned i = 0; i < list->count; i++)
        frequent += event_is_frequent(list->rows[i].kind);
    bool wanted = frequent > EVENT_LIST_KEPT / 2;
    while (event_is_frequent(list->rows[place].kind) != wanted)
        place++;
    return place;
}

static struct event_row *append(struct event_list *list)
{
    if (list->count == EVENT_LIST_KEPT) {
        unsigned place = place_to_free(list);
        list->count--;
        memmove(list->rows + place, list->rows + place + 1, (list->count - place) * sizeof *list->rows);
    }
    return &list->rows[list->count++];
}

static void begin(struct event_list *list, uint64_t epoch, struct event_news *news)
{
    news->restarted = list->epoch != 0;
    list->epoch = epoch;
    list->last = 0;
    list->whole = false;
}

static void take_all(const cJSON *root, struct event_list *list, struct event_news *news)
{
    const cJSON *event;
    bool known = list->whole; /* what was before the first message was not missed */
    uint64_t before = list->last, seen = 0, at;
    cJSON_ArrayForEach(event, told_member(root, "events"))
    {
        if (!told_take_count(told_member(event, "number"), &at) || at <= list->last)
            continue;
        struct event_row *row = append(list);
        row->number = list->last = at;
        take_row(event, row);
        seen++;
    }
    list->whole |= cJSON_IsTrue(told_member(root, "all"));
    if (known && list->last - before > seen)
        news->missed = list->last - before - seen;
    /* Some of a message that is larger than the list may be gone already. */
    while (news->added < seen && news->added < list->count &&
           list->rows[list->count - 1 - news->added].number > before)
        news->added++;
}

bool event_list_take(struct event_list *list, struct text json, struct event_news *news)
{
    uint64_t epoch;
    cJSON *root = told_parse(json);
    *news = (struct event_news){0};
    bool ok =
        cJSON_IsArray(told_member(root, "events")) && told_take_count(told_member(root, "epoch"), &epoch);
    if (ok) {
        if (!list->rows)
            list->rows = memory_zalloc(EVENT_LIST_KEPT, sizeof *list->rows);
        if (epoch != list->epoch)
            begin(list, epoch, news);
        /* Until all that are kept have come, a part of them would make those before it look seen. */
        if (list->whole || cJSON_IsTrue(told_member(root, "all")))
            take_all(root, list, news);
    }
    cJSON_Delete(root);
    return ok;
}

void event_list_free(struct event_list *list)
{
    free(list->rows);
    *list = (struct event_list){0};
}

bool event_is_bad(const char *kind)
{
    static const char *const bad[] = {"worker_died", "lease_expired", "board_failed", "board_given_up",
        "quarantined", "hold_begun", "export_failed"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(bad[i], kind) == 0)
            return true;
    return false;
}
