#include "coordinator/ctl/status.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/ctl/columns.h"
#include "coordinator/ctl/status_client.h"

#define NAME "status"

static void put_progress(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    double percent = summary->combinations ? 100 * (double)summary->done / (double)summary->combinations : 0;
    printf("progress      %s of %s combinations are up to date (%.1f %%)\n", columns_number(summary->done, a),
        columns_number(summary->combinations, b), percent);
    printf("              %s due", columns_number(summary->due, a));
    printf(", %s being fetched", columns_number(summary->leased, a));
    printf(", %s to be tried again", columns_number(summary->retrying, a));
    printf(", %s failed", columns_number(summary->failed, a));
    printf(", %s never fetched\n", columns_number(summary->missing, a));
    if (summary->time_left_known && summary->done < summary->combinations)
        printf("time left     %s\n", columns_duration(summary->time_left_s, a));
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

static void put_fetching(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    printf("requests      %.1f a second, %s since the start, %s\n", summary->requests_per_s,
        columns_number(summary->requests, a), columns_bytes(summary->bytes, b));
    printf("results       %s new or changed, %s unchanged", columns_number(summary->stored, a),
        columns_number(summary->unchanged, b));
    printf(", %s entries", columns_number(summary->entries, a));
    printf(", %s kept aside until confirmed\n", columns_number(summary->kept_aside, a));
    if (summary->quarantined)
        printf("quarantined   %s took their workers down; status.json lists them, r3ectl release ends it\n",
            columns_number(summary->quarantined, a));
    if (summary->failed_attempts)
        printf("failures      %s attempts: %s\n", columns_number(summary->failed_attempts, a),
            summary->failures);
}

static void put_processes(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    char b[COLUMNS_NUMBER_SIZE];
    char c[COLUMNS_NUMBER_SIZE];
    printf("workers       %s connected, %s started, %s crashed\n", columns_number(summary->workers, a),
        columns_number(summary->workers_joined, b), columns_number(summary->workers_lost, c));
    printf("exports       %s, %s failed\n", columns_number(summary->exports, a),
        columns_number(summary->export_failures, b));
    if (summary->export_error[0])
        printf("              the last failed: %s\n", summary->export_error);
    printf("store         %s, generation %s\n", columns_bytes(summary->store_bytes, a),
        columns_number(summary->generation, b));
    printf("memory        %s all processes, %s at most, %s the coordinator\n",
        columns_bytes(summary->tree_memory_kb * 1024, a),
        columns_bytes(summary->tree_memory_peak_kb * 1024, b), columns_bytes(summary->memory_kb * 1024, c));
}

static void put_screen(const struct summary *summary)
{
    char a[COLUMNS_NUMBER_SIZE];
    printf("r3e-coordinator %s at %s\n", summary->version, summary->time);
    printf("state         %s\n", summary->state);
    if (summary->hold[0])
        printf("held back     %s\n", summary->hold_reason);
    if (summary->hold[0] && summary->hold_ms)
        printf("              for another %s\n", columns_duration((summary->hold_ms + 999) / 1000, a));
    put_progress(summary);
    put_refresh(&summary->refresh);
    put_fetching(summary);
    put_processes(summary);
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"json", no_argument, NULL, 'j'},
        {NULL, 0, NULL, 0},
    };
    struct ctl_globals where = *globals;
    bool json = false;
    int option;
    int code = CTL_DONE;
    while ((option = getopt_long(argc, argv, "c:j", long_options, NULL)) != -1) {
        if (ctl_take_where(&where, option, optarg))
            continue;
        if (option == 'j')
            json = true;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (optind < argc)
        return ctl_wrong_usage(NAME, "\"%s\" is not an option", argv[optind]);
    struct status_client *client = status_client_open(&where, NAME, &code);
    if (!client)
        return code;
    struct summary summary;
    struct text raw;
    enum status_event event = status_client_next(client, &summary, &raw);
    if (event == STATUS_EVENT_SILENCE)
        code = status_client_nobody(client, NAME);
    else if (event == STATUS_EVENT_SIGNAL)
        code = CTL_FAILED;
    else if (json)
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
            "\n"
            "  -c, --config FILE        the coordinator's configuration\n"
            "      --connect ENDPOINT   its status socket (sockets.status)\n"
            "      --key FILE, --server-key FILE   your secret key and its public one, if it has keys\n"
            "  -j, --json               the message itself (common/PROTOCOL.md)\n"
            "\n"
            "Exit codes: 0 done, 1 nobody answers within 5 s, 2 wrong usage or configuration.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg\n"
            "  r3ectl " NAME " --connect tcp://127.0.0.1:7003 --json | jq .state\n",
    .run = run,
};
