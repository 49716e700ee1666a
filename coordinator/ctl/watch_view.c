#include "coordinator/ctl/watch_view.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/watch_figures.h"

#define FIXED_ROWS    3 /* title, reason, bar */
#define EVENTS_LEAST  4 /* rows, with their heading */
#define WORKERS_LEAST 3
#define TIME_CELLS    9
#define KIND_CELLS    15
#define BOARD_CELLS   11
#define WIDE_CELLS    120

/* ---- title, reason, progress ---- */

static enum screen_style state_style(const struct summary *summary)
{
    if (summary->hold[0] || strcmp(summary->state, "stopping") == 0)
        return SCREEN_BAD;
    return strcmp(summary->state, "fetching") == 0 || strcmp(summary->state, "exporting") == 0 ? SCREEN_GOOD
                                                                                               : SCREEN_BOLD;
}

/* "10:00:05" of an RFC 3339 time. */
static const char *clock_of(const char *time, char out[static TIME_CELLS])
{
    if (strlen(time) < 19)
        return "";
    memcpy(out, time + 11, TIME_CELLS - 1);
    out[TIME_CELLS - 1] = '\0';
    return out;
}

static void put_title(const struct watch_model *model, struct screen *screen)
{
    char clock[TIME_CELLS];
    const struct summary *summary = &model->summary;
    screen_put(screen, SCREEN_REVERSE, " r3e-coordinator %s ", summary->version);
    screen_put(screen, SCREEN_REVERSE, " %s", model->known ? summary->state : "connecting");
    if (summary->hold[0])
        screen_put(screen, SCREEN_REVERSE, ", held back: %s", summary->hold);
    if (screen->width > 60)
        screen_fill(screen, SCREEN_REVERSE, screen->width - 13);
    screen_put(screen, SCREEN_REVERSE, " %s UTC", clock_of(summary->time, clock));
    screen_fill(screen, SCREEN_REVERSE, screen->width);
    screen_next(screen);
}

static void put_reason(const struct watch_model *model, struct screen *screen, int64_t now_ms)
{
    char duration[COLUMNS_NUMBER_SIZE];
    const struct summary *summary = &model->summary;
    int64_t silent_ms = now_ms - model->heard_ms;
    if (silent_ms > WATCH_SILENT_MS)
        screen_put(screen, SCREEN_BAD, " nothing heard from the coordinator for %lld s; what is shown is old",
            (long long)silent_ms / 1000);
    else if (!model->known)
        screen_put(screen, SCREEN_DIM, " waiting for the coordinator");
    else
        screen_put(
            screen, state_style(summary), " %s", summary->reason[0] ? summary->reason : summary->hold_reason);
    if (silent_ms <= WATCH_SILENT_MS && summary->hold[0] && summary->hold_ms)
        screen_put(screen, SCREEN_WARN, " (another %s)",
            columns_duration((summary->hold_ms + 999) / 1000, duration));
    screen_next(screen);
}

static void put_bar(const struct summary *summary, struct screen *screen)
{
    char a[COLUMNS_NUMBER_SIZE], b[COLUMNS_NUMBER_SIZE], figures[160];
    struct buffer bar = buffer_make(SCREEN_CELLS_MAX * 4);
    double percent =
        summary->combinations ? 100.0 * (double)summary->done / (double)summary->combinations : 0;
    bool left = summary->time_left_known && summary->done < summary->combinations;
    char time_left[COLUMNS_NUMBER_SIZE] = "";
    if (left)
        columns_duration(summary->time_left_s, time_left);
    int length = snprintf(figures, sizeof figures, "%s of %s  %.1f %%%s%s%s",
        columns_number(summary->done, a), columns_number(summary->combinations, b), percent, left ? "  " : "",
        time_left, left ? " left" : "");
    unsigned text = length > 0 ? (unsigned)length : 0;
    unsigned cells = screen->width > text + 5 ? screen->width - text - 4 : 0;
    gauge_bar(summary->done, summary->combinations, cells < 100 ? cells : 100, screen->utf8, &bar);
    screen_put(screen, SCREEN_PLAIN, " ");
    screen_put(screen, SCREEN_ACCENT, "%s", buffer_string(&bar));
    screen_put(screen, SCREEN_PLAIN, "%s%s", bar.length ? "  " : "", figures);
    buffer_free(&bar);
    screen_next(screen);
}

/* ---- workers ---- */

static void put_worker_heading(const struct watch_model *model, struct screen *screen)
{
    const struct summary *summary = &model->summary;
    bool some = model->scroll || model->workers.connected > model->workers.count;
    screen_put(screen, SCREEN_BOLD, " WORKERS %llu", (unsigned long long)model->workers.connected);
    if (some)
        screen_put(screen, SCREEN_DIM, " from %u on", model->scroll + 1);
    screen_put(screen, SCREEN_DIM, "  by %s  %llu joined, %llu recycled, ", worker_sort_string(model->sort),
        (unsigned long long)summary->workers_joined, (unsigned long long)summary->recycled);
    screen_put(screen, summary->workers_lost ? SCREEN_BAD : SCREEN_DIM, "%llu died",
        (unsigned long long)summary->workers_lost);
    screen_next(screen);
}

static void put_worker_columns(struct screen *screen)
{
    bool wide = screen->width >= WIDE_CELLS;
    screen_put(screen, SCREEN_DIM, " %-6s %-*s %7s %7s %7s %7s ", "name", wide ? 20 : 12, "host", "pid",
        "jobs", "memory", "age");
    if (wide)
        screen_put(screen, SCREEN_DIM, "%8s %8s ", "received", "failures");
    screen_put(screen, SCREEN_DIM, "  board");
    screen_next(screen);
}

static void put_board(const struct worker_row *row, struct screen *screen)
{
    char elapsed[COLUMNS_NUMBER_SIZE];
    bool wide = screen->width >= WIDE_CELLS;
    if (wide && row->track_id)
        screen_put(screen, SCREEN_DIM, "  %llu-%llu", (unsigned long long)row->track_id,
            (unsigned long long)row->class_id);
    if (!row->track_id) {
        screen_put(screen, SCREEN_DIM, "  %s", row->state);
    } else {
        screen_put(screen, SCREEN_PLAIN, "  %s, %s", row->track, row->class_name);
        if (row->page)
            screen_put(screen, SCREEN_DIM, ", page %llu", (unsigned long long)row->page + 1);
        if (row->attempt > 1)
            screen_put(screen, SCREEN_WARN, ", attempt %llu", (unsigned long long)row->attempt);
        if (row->elapsed_ms >= 1000)
            screen_put(screen, SCREEN_DIM, ", %s", columns_duration(row->elapsed_ms / 1000, elapsed));
    }
    if (wide && row->last_error[0])
        screen_put(screen, SCREEN_WARN, "  last error: %s", row->last_error);
}

static void put_worker(const struct worker_row *row, struct screen *screen)
{
    char text[COLUMNS_NUMBER_SIZE];
    bool wide = screen->width >= WIDE_CELLS;
    screen_put(screen, SCREEN_PLAIN, " ");
    screen_column(screen, SCREEN_BOLD, row->name, 6, false);
    screen_put(screen, SCREEN_PLAIN, " ");
    screen_column(screen, SCREEN_PLAIN, row->host, wide ? 20 : 12, false);
    screen_put(
        screen, SCREEN_PLAIN, " %7llu %7llu ", (unsigned long long)row->pid, (unsigned long long)row->jobs);
    screen_column(screen, SCREEN_PLAIN, row->rss_kb ? columns_bytes(row->rss_kb * 1024, text) : "-", 7, true);
    screen_put(screen, SCREEN_PLAIN, " ");
    screen_column(screen, SCREEN_PLAIN, watch_figures_age(row->age_s, text), 7, true);
    screen_put(screen, SCREEN_PLAIN, " ");
    if (wide) {
        screen_column(screen, SCREEN_PLAIN, columns_bytes(row->bytes, text), 8, true);
        screen_put(
            screen, row->failures ? SCREEN_WARN : SCREEN_PLAIN, " %8llu ", (unsigned long long)row->failures);
    }
    put_board(row, screen);
    screen_next(screen);
}

/* Rows that the workers get of those left, with heading and columns; 0: there is no room. */
static unsigned worker_rows(const struct watch_model *model, unsigned left)
{
    unsigned wanted = 2 + (model->workers.count ? model->workers.count : 1);
    if (left < WORKERS_LEAST)
        return 0;
    unsigned most = left >= WORKERS_LEAST + EVENTS_LEAST ? left - EVENTS_LEAST : left;
    /* Many workers take no more than half of a large screen. */
    if (most > left / 2 && left / 2 >= 8)
        most = left / 2;
    return wanted < most ? wanted : most;
}

static void put_workers(struct watch_model *model, struct screen *screen, unsigned rows)
{
    if (rows < WORKERS_LEAST)
        return;
    unsigned shown = rows - 2;
    unsigned most = model->workers.count > shown ? model->workers.count - shown : 0;
    if (model->scroll > most)
        model->scroll = most;
    put_worker_heading(model, screen);
    put_worker_columns(screen);
    if (!model->workers.count) {
        screen_put(screen, SCREEN_DIM, " none is connected");
        screen_next(screen);
        return;
    }
    for (unsigned i = model->scroll; i < model->workers.count && i < model->scroll + shown; i++)
        put_worker(&model->workers.rows[i], screen);
}

/* ---- events ---- */

static enum screen_style event_style(const char *kind)
{
    return event_is_bad(kind)                                                    ? SCREEN_BAD
           : strncmp(kind, "export", 6) == 0 || strncmp(kind, "refresh", 7) == 0 ? SCREEN_GOOD
           : strcmp(kind, "command") == 0 || strcmp(kind, "state") == 0          ? SCREEN_ACCENT
                                                                                 : SCREEN_PLAIN;
}

static void put_event(const struct event_row *row, struct screen *screen)
{
    char clock[TIME_CELLS];
    screen_put(screen, SCREEN_DIM, " %s ", clock_of(row->time, clock));
    screen_column(screen, event_style(row->kind), row->kind, KIND_CELLS, false);
    if (screen->width >= WIDE_CELLS) {
        screen_put(screen, SCREEN_PLAIN, " ");
        screen_column(screen, SCREEN_DIM, row->board, BOARD_CELLS, false);
    }
    screen_put(screen, SCREEN_PLAIN, " %s", row->text);
    screen_next(screen);
}

/* The newest first: its place does not move. Frequent ones leave half of the rows to rare ones, if there are
 * so many. */
static void put_events(const struct watch_model *model, struct screen *screen, unsigned rows)
{
    const struct event_list *events = &model->events;
    unsigned rare = 0;
    if (rows < 2)
        return;
    screen_put(screen, SCREEN_BOLD, " EVENTS");
    screen_next(screen);
    rows--;
    for (unsigned i = 0; i < events->count; i++)
        rare += !event_is_frequent(events->rows[i].kind);
    unsigned frequent = rows - (rare < rows / 2 ? rare : rows / 2);
    for (unsigned i = events->count; i > 0 && rows > 0; i--) {
        const struct event_row *row = &events->rows[i - 1];
        if (event_is_frequent(row->kind) && frequent-- == 0) {
            frequent = 0;
            continue;
        }
        put_event(row, screen);
        rows--;
    }
}

/* ---- the last row, help ---- */

static void put_keys(const struct watch_model *model, struct screen *screen, int64_t now_ms)
{
    if (model->asking == WATCH_ASKS_REFRESH)
        screen_put(screen, SCREEN_WARN, " Fetch all %llu boards again? y: yes, any other key: no",
            (unsigned long long)model->summary.combinations);
    else if (model->asking == WATCH_ASKS_PAUSE)
        screen_put(screen, SCREEN_WARN, " Fetch nothing more until it is resumed? y: yes, any other key: no");
    else if (model->note[0] && now_ms < model->note_until_ms)
        screen_put(screen, model->note_bad ? SCREEN_BAD : SCREEN_GOOD, " %s", model->note);
    else
        screen_put(screen, SCREEN_DIM,
            " q quit  p %s  r refresh all  s sort  \xE2\x86\x91\xE2\x86\x93 scroll  ? help",
            strcmp(model->summary.hold, "paused") == 0 ? "resume" : "pause");
}

static void put_help(struct screen *screen)
{
    static const char *const lines[] = {
        "",
        " q, Ctrl-C   quit; nothing changes for the crawl",
        " p           pause: nothing more is fetched; once more: resume",
        " r           fetch all boards again (asks first)",
        " s           sort the workers by something else",
        " up, down    scroll the workers; also k and j, Page Up and Page Down, Home and End",
        " ?, h        this help, and back",
        "",
        " recycled    workers that left in good order, by workers.max_jobs, max_age_s or max_rss_mb",
        " overdue     by how much the oldest board is older than refresh.max_age_h",
        " delay       from a board's being stored until the world can read it",
        "",
        " r3ectl why TRACK CLASS tells why a board is not being fetched.",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines && screen_left(screen) > 1; i++) {
        screen_put(screen, SCREEN_PLAIN, "%s", lines[i]);
        screen_next(screen);
    }
}

static unsigned rows_for_lists(const struct screen *screen)
{
    unsigned used = FIXED_ROWS + watch_figures_rows(screen->height) + 1;
    return screen->height > used ? screen->height - used : 0;
}

unsigned watch_view_workers_shown(const struct watch_model *model, const struct screen *screen)
{
    unsigned rows = worker_rows(model, rows_for_lists(screen));
    return rows > 2 ? rows - 2 : 1;
}

void watch_view_make(struct watch_model *model, struct screen *screen, int64_t now_ms)
{
    put_title(model, screen);
    put_reason(model, screen, now_ms);
    if (model->help) {
        put_help(screen);
    } else if (model->known) {
        unsigned left = rows_for_lists(screen);
        put_bar(&model->summary, screen);
        watch_figures_put(model, screen, watch_figures_rows(screen->height));
        unsigned rows = worker_rows(model, left);
        put_workers(model, screen, rows);
        put_events(model, screen, left - rows);
    }
    while (screen_left(screen) > 1)
        screen_next(screen);
    put_keys(model, screen, now_ms);
}
