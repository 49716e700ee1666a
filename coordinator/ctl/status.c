#include "coordinator/ctl/status.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/simple_options.h"
#include "coordinator/ctl/status_client.h"

#define NAME "status"

static void put_state(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    printf("r3e-coordinator %s at %s", summary->version, summary->time);
    printf(summary->started[0] ? ", since %s\n" : "%s\n", summary->started);
    printf("state         %s%s%s\n", summary->state, summary->reason[0] ? ": " : "", summary->reason);
    if (summary->hold[0] && !summary->reason[0])
        printf("held back     %s\n", summary->hold_reason);
    if (summary->hold[0] && summary->hold_ms)
        printf("held back     for another %s\n", columns_duration((summary->hold_ms + 999) / 1000, a));
}

static void put_progress(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    double percent = summary->combinations ? 100 * (double)summary->done / (double)summary->combinations : 0;
    printf("progress      %s of %s combinations are up to date (%.1f %%)", columns_number(summary->done, a),
        columns_number(summary->combinations, b), percent);
    if (summary->time_left_known && summary->done < summary->combinations)
        printf(", %s left", columns_duration(summary->time_left_s, a));
    printf("\nqueue         %s being fetched", columns_number(summary->queue.leased, a));
    printf(", %s asked for", columns_number(summary->queue.urgent, a));
    printf(", %s never fetched", columns_number(summary->queue.missing, a));
    printf(", %s too old\n", columns_number(summary->queue.stale, a));
    printf("              %s to be tried again", columns_number(summary->queue.retrying, a));
    printf(", %s failed", columns_number(summary->failed, a));
    printf(", %s quarantined\n", columns_number(summary->queue.quarantined, a));
    if (summary->oldest_overdue_s)
        printf("overdue       the oldest board by %s\n", columns_duration(summary->oldest_overdue_s, a));
}

static void put_refresh(const struct summary_refresh *refresh)
{
    char a[COLUMNS_NUMBER_SIZE];
    if (strcmp(refresh->kind, "full") == 0)
        printf("full refresh  since %s, %s left\n", refresh->started, columns_number(refresh->left, a));
    if (refresh->targeted_left)
        printf("asked for     %s combinations go first\n", columns_number(refresh->targeted_left, a));
    if (refresh->next_daily[0])
        printf("next daily    %s\n", refresh->next_daily);
    if (refresh->trigger_problem[0])
        printf("trigger file  %s\n", refresh->trigger_problem);
}

static void put_service(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    printf("requests      %.1f a second", summary->requests_per_s);
    if (summary->rate_allowed_per_s > 0)
        printf(" of %.3g allowed", summary->rate_allowed_per_s);
    printf(", %s in flight", columns_number(summary->in_flight, a));
    printf("; %s so far, %s\n", columns_number(summary->requests, a), columns_bytes(summary->bytes, b));
    if (summary->answers[0])
        printf("answers       %s\n", summary->answers);
    if (summary->latency.count)
        printf("latency       half within %llu ms, 95 %% %llu ms, 99 %% %llu ms, all %llu ms\n",
            (unsigned long long)summary->latency.p50_ms, (unsigned long long)summary->latency.p95_ms,
            (unsigned long long)summary->latency.p99_ms, (unsigned long long)summary->latency.max_ms);
    printf("results       %s new or changed, %s unchanged", columns_number(summary->stored, a),
        columns_number(summary->unchanged, b));
    printf(", %s kept aside until confirmed\n", columns_number(summary->kept_aside, a));
    if (summary->failed_attempts)
        printf("failures      %s attempts: %s\n", columns_number(summary->failed_attempts, a),
            summary->failures);
}

static void put_workers(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    printf("workers       %s connected, %s joined", columns_number(summary->workers, a),
        columns_number(summary->workers_joined, b));
    printf(", %s recycled%s%s%s", columns_number(summary->recycled, a), summary->left[0] ? " (" : "",
        summary->left, summary->left[0] ? ")" : "");
    printf(", %s died\n", columns_number(summary->workers_lost, a));
}

/* Nothing where there is nothing to do. */
static void put_access(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    const struct summary_access *access = &summary->access;
    if (access->keys_problem[0])
        printf("keys          %s\n", access->keys_problem);
    if (summary->peers_refused)
        printf("refused       %s peers; the last %s at the %s socket:\n              %s\n",
            columns_number(summary->peers_refused, a), access->address, access->socket, access->reason);
    if (access->aside[0])
        printf("put aside     %s\n              %s\n", access->aside, access->aside_reason);
}

static void put_exports(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    const struct summary_export *export = &summary->export;
    printf("exports       %s, %s failed%s\n", columns_number(summary->exports, a),
        columns_number(summary->export_failures, b), export->running ? ", one runs" : "");
    if (summary->export_error[0])
        printf("              the last failed: %s\n", summary->export_error);
    if (export->last_time[0]) {
        printf("published     %s in %llu ms, %s\n", export->last_time,
            (unsigned long long)export->duration_ms, columns_bytes(export->peak_rss_kb * 1024, a));
        printf("              %s files written, %s left alone\n", columns_number(export->files_written, a),
            columns_number(export->files_unchanged, b));
    }
    if (summary->publication_delay.count)
        printf("delay         half of the boards published within %s",
            columns_duration(summary->publication_delay.p50_ms / 1000, a));
    if (summary->publication_delay.count)
        printf(", 95 %% within %s\n", columns_duration(summary->publication_delay.p95_ms / 1000, a));
}

static void put_store(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    char c[COLUMNS_NUMBER_SIZE];
    printf("store         %s boards, %s entries, %s, ", columns_number(summary->store_boards, a),
        columns_number(summary->store_entries, b), columns_bytes(summary->store_bytes, c));
    printf("generation %s\n", columns_number(summary->generation, a));
    printf("memory        %s in all, %s at most; coordinator %s, %llu descriptors\n",
        columns_bytes(summary->tree_memory_kb * 1024, a),
        columns_bytes(summary->tree_memory_peak_kb * 1024, b), columns_bytes(summary->memory_kb * 1024, c),
        (unsigned long long)summary->descriptors);
}

static void put_screen(const struct summary *summary)
{
    put_state(summary);
    put_progress(summary);
    put_refresh(&summary->refresh);
    put_service(summary);
    put_workers(summary);
    put_access(summary);
    put_exports(summary);
    put_store(summary);
    if (summary->queue.quarantined || summary->failed)
        puts("              r3ectl failed lists them, r3ectl release ends a quarantine");
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    struct simple_options options;
    int code = simple_options_parse(&options, NAME, globals, argc, argv, 0, 0, "");
    if (code != CTL_DONE)
        return code;
    struct status_client *client = status_client_open(&options.where, NAME, &code);
    if (!client)
        return code;
    struct summary summary;
    struct text raw;
    enum status_event event = status_client_next(client, &summary, &raw);
    if (event == STATUS_EVENT_SILENCE)
        code = status_client_nobody(client, NAME);
    else if (event == STATUS_EVENT_SIGNAL)
        code = CTL_FAILED;
    else if (options.json)
        printf("%.*s\n", (int)raw.length, raw.data);
    else
        put_screen(&summary);
    status_client_close(&client);
    return code;
}

const struct ctl_command status_command = {
    .name = NAME,
    .summary = "what the coordinator does now, on one screen",
    .help = "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--json]\n"
            "\n" CTL_STATUS_HELP CTL_JSON_HELP "\n"
            "Exit codes: 0 done, 1 nobody answers within 5 s, 2 wrong usage or configuration.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
            "  r3ectl " NAME " --connect tcp://127.0.0.1:7003 --json | jq .state\n",
    .run = run,
};
