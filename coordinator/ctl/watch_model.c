#include "coordinator/ctl/watch_model.h"

#include <stdarg.h>
#include <stdio.h>

#define NOTE_MS 8000

void watch_model_free(struct watch_model *model)
{
    worker_list_free(&model->workers);
    event_list_free(&model->events);
}

static void take_summary(struct watch_model *model, struct text json)
{
    struct summary summary;
    if (!summary_parse(json, &summary))
        return;
    model->summary = summary;
    model->known = true;
    gauge_add(&model->rates, summary.requests_per_s);
}

void watch_model_take(struct watch_model *model, const struct listener_message *message, int64_t now_ms)
{
    struct event_news news;
    model->heard_ms = now_ms;
    switch (message->topic) {
    case LISTENER_TOPIC_SUMMARY:
        take_summary(model, message->json);
        break;
    case LISTENER_TOPIC_WORKER:
        if (worker_list_parse(message->json, &model->workers))
            worker_list_sort(&model->workers, model->sort);
        break;
    case LISTENER_TOPIC_EVENT:
        event_list_take(&model->events, message->json, &news);
        break;
    case LISTENER_TOPIC_COUNT:
        break;
    }
}

void watch_model_note(struct watch_model *model, bool bad, int64_t now_ms, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(model->note, sizeof model->note, format, arguments) < 0)
        model->note[0] = '\0';
    va_end(arguments);
    model->note_bad = bad;
    model->note_until_ms = now_ms + NOTE_MS;
}
