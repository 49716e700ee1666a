#include "coordinator/ctl/watch_figures.h"

#include <stdio.h>
#include <string.h>

#define LABEL_CELLS 10
#define WIDE_CELLS  120

const char *watch_figures_age(uint64_t seconds, char out[static COLUMNS_NUMBER_SIZE])
{
    unsigned long long s = seconds;
    int length;
    if (s < 60)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llus", s);
    else if (s < 3600)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llum", s / 60);
    else if (s < 86400)
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%lluh%02llum", s / 3600, s / 60 % 60);
    else
        length = snprintf(out, COLUMNS_NUMBER_SIZE, "%llud%lluh", s / 86400, s / 3600 % 24);
    if (length < 0)
        out[0] = '\0';
    return out;
}

static void label(struct screen *screen, const char *text)
{
    screen_put(screen, SCREEN_PLAIN, " ");
    screen_column(screen, SCREEN_DIM, text, LABEL_CELLS, false);
}

/* Nothing for 0: what is there must not be cut off by what is not. */
static void number(struct screen *screen, enum screen_style style, uint64_t value, const char *what)
{
    char text[COLUMNS_NUMBER_SIZE];
    if (value)
        screen_put(screen, style, "%s %s  ", columns_number(value, text), what);
}

static void put_rate(const struct watch_model *model, struct screen *screen)
{
    const struct summary *summary = &model->summary;
    struct buffer spark = buffer_make((size_t)GAUGE_VALUES * 4);
    unsigned cells = screen->width >= WIDE_CELLS ? 80 : screen->width >= 78 ? 30 : 10;
    label(screen, "requests");
    gauge_spark(&model->rates, cells, screen->utf8, &spark);
    screen_put(screen, SCREEN_ACCENT, "%s", buffer_string(&spark));
    screen_put(screen, SCREEN_BOLD, "  %.1f/s", summary->requests_per_s);
    if (summary->rate_allowed_per_s > 0)
        screen_put(screen, SCREEN_PLAIN, " of %.3g allowed", summary->rate_allowed_per_s);
    screen_put(screen, SCREEN_PLAIN, ", %llu in flight", (unsigned long long)summary->in_flight);
    buffer_free(&spark);
}

static void put_queue(const struct watch_model *model, struct screen *screen)
{
    const struct summary_queue *queue = &model->summary.queue;
    label(screen, "boards");
    number(screen, SCREEN_BAD, model->summary.failed, "failed");
    number(screen, SCREEN_BAD, queue->quarantined, "quarantined");
    number(screen, SCREEN_GOOD, queue->leased, "leased");
    number(screen, SCREEN_BOLD, queue->urgent, "asked for");
    number(screen, SCREEN_WARN, queue->retrying, "retrying");
    number(screen, SCREEN_PLAIN, queue->missing, "never fetched");
    number(screen, SCREEN_PLAIN, queue->stale, "too old");
    number(screen, SCREEN_DIM, queue->resting, "up to date");
}

static void put_service(const struct watch_model *model, struct screen *screen)
{
    const struct summary *summary = &model->summary;
    label(screen, "service");
    screen_put(screen, SCREEN_PLAIN, "p50 %llu, p95 %llu, p99 %llu ms  ",
        (unsigned long long)summary->latency.p50_ms, (unsigned long long)summary->latency.p95_ms,
        (unsigned long long)summary->latency.p99_ms);
    screen_put(screen, SCREEN_PLAIN, "%s", summary->answers[0] ? summary->answers : "no answer yet");
    if (summary->failures[0])
        screen_put(screen, SCREEN_WARN, "  %s", summary->failures);
}

static void put_ages(const struct watch_model *model, struct screen *screen)
{
    const struct summary_ages *ages = &model->summary.ages;
    char text[COLUMNS_NUMBER_SIZE];
    label(screen, "ages");
    number(screen, SCREEN_PLAIN, ages->under_1h, "<1h");
    number(screen, SCREEN_PLAIN, ages->under_6h, "<6h");
    number(screen, SCREEN_PLAIN, ages->under_24h, "<24h");
    number(screen, SCREEN_PLAIN, ages->under_48h, "<48h");
    number(screen, SCREEN_WARN, ages->under_7d + ages->older, "older");
    if (model->summary.oldest_overdue_s)
        screen_put(
            screen, SCREEN_WARN, "overdue by %s", columns_duration(model->summary.oldest_overdue_s, text));
    else
        screen_put(screen, SCREEN_DIM, "none overdue");
}

static void put_export(const struct watch_model *model, struct screen *screen)
{
    const struct summary *summary = &model->summary;
    const struct summary_export *export = &summary->export;
    char a[COLUMNS_NUMBER_SIZE], b[COLUMNS_NUMBER_SIZE];
    label(screen, "published");
    if (summary->export_error[0])
        screen_put(screen, SCREEN_BAD, "failed: %s  ", summary->export_error);
    if (export->running)
        screen_put(screen, SCREEN_GOOD, "under way for %llu ms  ", (unsigned long long)export->running_ms);
    if (export->last_time[0]) {
        screen_put(screen, SCREEN_PLAIN, "%s in %llu ms, %s; ", export->last_time,
            (unsigned long long)export->duration_ms, columns_bytes(export->peak_rss_kb * 1024, a));
        screen_put(screen, SCREEN_PLAIN, "%s files written, %s left alone",
            columns_number(export->files_written, a), columns_number(export->files_unchanged, b));
    } else if (!export->running) {
        screen_put(screen, SCREEN_DIM, "nothing yet");
    }
    if (summary->publication_delay.count)
        screen_put(screen, SCREEN_DIM, "  delay p95 %s",
            columns_duration(summary->publication_delay.p95_ms / 1000, a));
}

static void put_store(const struct watch_model *model, struct screen *screen)
{
    const struct summary *summary = &model->summary;
    char a[COLUMNS_NUMBER_SIZE], b[COLUMNS_NUMBER_SIZE], c[COLUMNS_NUMBER_SIZE];
    label(screen, "store");
    screen_put(screen, SCREEN_PLAIN, "%s boards, %s entries, %s  ", columns_number(summary->store_boards, a),
        columns_number(summary->store_entries, b), columns_bytes(summary->store_bytes, c));
    screen_put(screen, SCREEN_DIM, "memory ");
    screen_put(screen, SCREEN_PLAIN, "%s, coordinator %s  ", columns_bytes(summary->tree_memory_kb * 1024, a),
        columns_bytes(summary->memory_kb * 1024, b));
    screen_put(screen, SCREEN_DIM, "%llu descriptors", (unsigned long long)summary->descriptors);
}

static void put_refresh(const struct watch_model *model, struct screen *screen)
{
    const struct summary_refresh *refresh = &model->summary.refresh;
    char a[COLUMNS_NUMBER_SIZE];
    label(screen, "refresh");
    if (strcmp(refresh->kind, "full") == 0)
        screen_put(screen, SCREEN_PLAIN, "full since %s, %s left  ", refresh->started,
            columns_number(refresh->left, a));
    if (refresh->targeted_left)
        screen_put(screen, SCREEN_BOLD, "%s asked for by name  ", columns_number(refresh->targeted_left, a));
    if (refresh->next_daily[0])
        screen_put(screen, SCREEN_DIM, "next daily %s  ", refresh->next_daily);
    if (refresh->trigger_problem[0])
        screen_put(screen, SCREEN_BAD, "trigger file: %s", refresh->trigger_problem);
}

unsigned watch_figures_rows(unsigned height)
{
    return height >= 22 ? 7 : height >= 18 ? 5 : height >= 12 ? 3 : height >= 6 ? 1 : 0;
}

void watch_figures_put(const struct watch_model *model, struct screen *screen, unsigned rows)
{
    static void (*const figures[])(const struct watch_model *, struct screen *) = {
        put_rate, put_queue, put_service, put_export, put_store, put_ages, put_refresh};
    for (unsigned i = 0; i < rows && i < sizeof figures / sizeof *figures; i++) {
        figures[i](model, screen);
        screen_next(screen);
    }
}
