#include "coordinator/export_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/process.h"

/* The exporter has its own deadline; ours comes a little later, for one that hangs. */
#define GRACE_MS    5000
#define NUMBER_SIZE 24

struct export_run {
    struct loop *loop;
    struct export_run_options options;
    export_run_done done;
    void *context;
    char program[PATH_MAX];
    struct process process;
    int output_fd; /* -1: closed */
    struct buffer output;
    int64_t deadline_ms;
    struct export_report report;
    struct buffer json;
    uint64_t count, failures;
    unsigned failed_in_row;
    char failure[EXPORT_FAILURE_MAX];
};

struct export_run *export_run_open(
    struct loop *loop, const struct export_run_options *options, export_run_done done, void *context)
{
    struct export_run *run = memory_zalloc(1, sizeof *run);
    run->loop = loop;
    run->options = *options;
    run->done = done;
    run->context = context;
    run->process = PROCESS_NONE;
    run->output_fd = -1;
    run->output = buffer_make(EXPORT_REPORT_MAX);
    run->json = buffer_make(EXPORT_REPORT_MAX);
    if (!process_find_program("exporter", "r3e-exporter", run->program, sizeof run->program))
        log_fatal("r3e-exporter is not installed beside this program; install all programs of the release");
    return run;
}

void export_run_set_limits(struct export_run *run, int64_t max_rss_mb, int64_t timeout_s)
{
    run->options.max_rss_mb = max_rss_mb;
    run->options.timeout_s = timeout_s;
}

static void close_output(struct export_run *run)
{
    if (run->output_fd < 0)
        return;
    loop_remove_fd(run->loop, run->output_fd);
    close(run->output_fd);
    run->output_fd = -1;
}

void export_run_close(struct export_run **pointer)
{
    struct export_run *run = *pointer;
    if (!run)
        return;
    close_output(run);
    if (run->process.pid) {
        struct process_end end;
        loop_remove_fd(run->loop, run->process.pid_fd);
        process_signal(&run->process, SIGKILL);
        while (!process_reap(&run->process, &end))
            clock_sleep_ms(1);
    }
    buffer_free(&run->output);
    buffer_free(&run->json);
    free(run);
    *pointer = NULL;
}

/* ---- the report ---- */

static const struct {
    const char *name;
    size_t offset;
} report_fields[] = {
#define FIELD(name)                                                                                          \
    {                                                                                                        \
#name, offsetof(struct export_report, name)                                                          \
    }
    FIELD(generation),
    FIELD(track_count),
    FIELD(total_fetched_combinations),
    FIELD(total_unique_tracks),
    FIELD(total_drivers),
    FIELD(total_entries),
    FIELD(total_teams),
    FIELD(files_written),
    FIELD(files_unchanged),
    FIELD(files_removed),
    FIELD(bytes_written),
    FIELD(index_build_time_ms),
    FIELD(peak_rss_kb),
    FIELD(broken_records),
#undef FIELD
};

/* A pair that is none is left out: the board will be named again. */
static void parse_broken(const cJSON *list, struct export_report *report)
{
    const cJSON *pair;
    report->broken_named = 0;
    cJSON_ArrayForEach(pair, list)
    {
        const cJSON *track = cJSON_GetArrayItem(pair, 0), *class = cJSON_GetArrayItem(pair, 1);
        if (report->broken_named == EXPORT_BROKEN_MAX)
            return;
        if (!cJSON_IsNumber(track) || !cJSON_IsNumber(class) || track->valuedouble < 0 ||
            track->valuedouble > UINT32_MAX || class->valuedouble < 0 || class->valuedouble > UINT32_MAX)
            continue;
        report->broken[report->broken_named].track_id = (uint32_t)track->valuedouble;
        report->broken[report->broken_named++].class_id = (uint32_t) class->valuedouble;
    }
}

static bool parse_report(struct text json, struct export_report *report)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    bool ok = cJSON_IsObject(root);
    for (size_t i = 0; ok && i < sizeof report_fields / sizeof *report_fields; i++) {
        const cJSON *value = cJSON_GetObjectItemCaseSensitive(root, report_fields[i].name);
        ok = cJSON_IsNumber(value) && value->valuedouble >= 0 && value->valuedouble < 0x1p53;
        uint64_t number = ok ? (uint64_t)value->valuedouble : 0;
        memcpy((char *)report + report_fields[i].offset, &number, sizeof number);
    }
    if (ok)
        parse_broken(cJSON_GetObjectItemCaseSensitive(root, "broken_boards"), report);
    cJSON_Delete(root);
    return ok;
}

/* The last line of what the exporter printed. */
static struct text last_line(const struct buffer *output)
{
    const char *start = (const char *)output->data;
    size_t end = output->length;
    if (!end)
        return (struct text){0};
    while (end > 0 && start[end - 1] == '\n')
        end--;
    size_t begin = end;
    while (begin > 0 && start[begin - 1] != '\n')
        begin--;
    return (struct text){start + begin, (uint32_t)(end - begin)};
}

static bool take_report(struct export_run *run, struct text json)
{
    struct export_report report;
    if (json.length == 0 || !parse_report(json, &report))
        return false;
    run->report = report;
    buffer_clear(&run->json);
    buffer_append(&run->json, json.data, json.length);
    return true;
}

void export_run_restore(struct export_run *run, struct text json)
{
    if (json.length && !take_report(run, json))
        log_warn("store: the last export's report is broken and is ignored");
}

/* ---- running ---- */

static void read_output(void *context)
{
    struct export_run *run = context;
    char bytes[4096];
    ssize_t got = read(run->output_fd, bytes, sizeof bytes);
    if (got > 0)
        buffer_append(&run->output, bytes, (size_t)got);
    else if (got == 0 || errno != EAGAIN)
        close_output(run);
}

/* A failure that stays the same is logged at powers of two: a full disk may last for days. */
static bool worth_logging(const struct export_run *run, const char *before)
{
    return (run->failed_in_row & (run->failed_in_row - 1)) == 0 || strcmp(run->failure, before) != 0;
}

static void __attribute__((format(printf, 2, 3))) fail(struct export_run *run, const char *format, ...)
{
    char before[EXPORT_FAILURE_MAX];
    va_list arguments;
    memcpy(before, run->failure, sizeof before);
    va_start(arguments, format);
    if (vsnprintf(run->failure, sizeof run->failure, format, arguments) <= 0)
        run->failure[0] = '?';
    va_end(arguments);
    run->failures++;
    run->failed_in_row++;
    if (worth_logging(run, before))
        log_error(
            "exporter: %s (failed %u times in a row; what was published before stays, it is tried again)",
            run->failure, run->failed_in_row);
}

/* {"error": reason} on the last line: the exporter says why. */
static bool take_reason(struct export_run *run, struct text json)
{
    cJSON *root = cJSON_ParseWithLength(json.data, json.length);
    const char *reason = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, "error"));
    if (reason)
        fail(run, "%s", reason);
    cJSON_Delete(root);
    return reason != NULL;
}

static void take_failure(struct export_run *run, const struct process_end *end)
{
    struct text line = last_line(&run->output);
    if (end->signal)
        fail(run, "was ended by signal %d (%s)", end->signal, strsignal(end->signal));
    else if (end->exit_code == 0)
        fail(run, "ended without the report it owes; install all programs of one release");
    else if (!line.length || !take_reason(run, line))
        fail(run, "failed with code %d; its message stands in the log", end->exit_code);
}

static void ended(void *context)
{
    struct export_run *run = context;
    struct process_end end;
    int pid_fd = run->process.pid_fd;
    if (!process_reap(&run->process, &end))
        return;
    loop_remove_fd(run->loop, pid_fd);
    while (run->output_fd >= 0) /* what is left in the pipe; its only writer is gone, so this ends */
        read_output(run);
    run->count++;
    bool ok = end.exit_code == 0 && !run->output.overflowed && take_report(run, last_line(&run->output));
    if (!ok) {
        take_failure(run, &end);
    } else {
        run->failed_in_row = 0;
        run->failure[0] = '\0';
    }
    run->done(run->context, ok);
}

static bool launch(struct export_run *run, int output_fd)
{
    char rss[NUMBER_SIZE], timeout[NUMBER_SIZE];
    int rss_length = snprintf(rss, sizeof rss, "%lld", (long long)run->options.max_rss_mb);
    int timeout_length = snprintf(timeout, sizeof timeout, "%lld", (long long)run->options.timeout_s);
    if (rss_length < 0 || timeout_length < 0)
        return false;
    const char *const arguments[] = {run->program, "--report", "--store", run->options.store_dir, "--public",
        run->options.public_dir, "--layouts", run->options.layouts, "--max-rss-mb", rss, "--timeout-s",
        timeout, run->options.sandbox ? NULL : "--no-sandbox", NULL};
    struct process_options options = {
        .arguments = arguments, .stdout_fd = output_fd, .limits = &run->options.limits};
    return process_start(&run->process, &options);
}

bool export_run_start(struct export_run *run, int64_t now_ms)
{
    int ends[2];
    if (run->process.pid)
        return false;
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        fail(run, "cannot be started: no pipe: %s", strerror(errno));
        return false;
    }
    /* Only our end may be non-blocking. */
    bool started = fcntl(ends[1], F_SETFL, 0) == 0 && launch(run, ends[1]);
    if (!started) {
        fail(run, "cannot start %s: %s", run->program, strerror(errno));
        close(ends[0]);
    }
    close(ends[1]);
    if (!started)
        return false;
    run->output_fd = ends[0];
    buffer_clear(&run->output);
    run->deadline_ms = now_ms + run->options.timeout_s * 1000 + GRACE_MS;
    loop_add_fd(run->loop, run->output_fd, read_output, run);
    loop_add_fd(run->loop, run->process.pid_fd, ended, run);
    return true;
}

bool export_run_active(const struct export_run *run)
{
    return run->process.pid != 0;
}

pid_t export_run_pid(const struct export_run *run)
{
    return run->process.pid;
}

int64_t export_run_tick(struct export_run *run, int64_t now_ms)
{
    if (!run->process.pid)
        return LOOP_SLEEP_FOREVER;
    if (now_ms < run->deadline_ms)
        return run->deadline_ms - now_ms;
    log_error("exporter hangs beyond exporter.timeout_s and is killed");
    process_signal(&run->process, SIGKILL);
    run->deadline_ms = now_ms + GRACE_MS;
    return GRACE_MS;
}

const struct export_report *export_run_report(const struct export_run *run)
{
    return &run->report;
}

struct text export_run_json(const struct export_run *run)
{
    return (struct text){(const char *)run->json.data, (uint32_t)run->json.length};
}

uint64_t export_run_count(const struct export_run *run)
{
    return run->count;
}

uint64_t export_run_failures(const struct export_run *run)
{
    return run->failures;
}

unsigned export_run_failed_in_row(const struct export_run *run)
{
    return run->failed_in_row;
}

const char *export_run_failure(const struct export_run *run)
{
    return run->failure;
}
