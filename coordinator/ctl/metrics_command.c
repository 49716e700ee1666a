#include "coordinator/ctl/metrics_command.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "common/metrics.h"
#include "coordinator/ctl/status_client.h"

#define NAME "metrics"

/* `json` may be empty: nobody is there. */
static void put(enum metrics_format format, struct text json)
{
    struct buffer text = buffer_make(METRICS_TEXT_MAX);
    struct metrics_writer writer = metrics_writer_make(&text, format);
    bool up = json.length > 0;
    metrics_write_presence(&writer, up, up ? 0 : STATUS_CLIENT_SILENCE_MS / 1000.0);
    if (up)
        metrics_write_summary(&writer, json);
    metrics_end(&writer);
    fputs(buffer_string(&text), stdout);
    buffer_free(&text);
}

static int listen_once(const struct ctl_globals *where, enum metrics_format format)
{
    int code;
    struct status_client *client = status_client_open(where, NAME, &code);
    if (!client)
        return code;
    struct summary summary;
    struct text json = {0};
    switch (status_client_next(client, &summary, &json)) {
    case STATUS_EVENT_SUMMARY:
        put(format, json);
        break;
    case STATUS_EVENT_SILENCE:
        put(format, (struct text){0});
        code = status_client_nobody(client, NAME);
        break;
    case STATUS_EVENT_SIGNAL:
        code = CTL_FAILED;
        break;
    }
    status_client_close(&client);
    return code;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct option long_options[] = {
        CTL_WHERE_OPTIONS,
        {"prometheus", no_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    struct ctl_globals where = *globals;
    enum metrics_format format = METRICS_OPENMETRICS;
    int option;
    while ((option = getopt_long(argc, argv, "c:p", long_options, NULL)) != -1) {
        if (ctl_take_where(&where, option, optarg))
            continue;
        if (option == 'p')
            format = METRICS_PROMETHEUS;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (optind < argc)
        return ctl_wrong_usage(NAME, "\"%s\" is not an option", argv[optind]);
    return listen_once(&where, format);
}

const struct ctl_command metrics_command = {
    .name = NAME,
    .summary = "the coordinator's state for Prometheus and the like",
    .help = "Usage: r3ectl " NAME " [--config FILE | --connect ENDPOINT] [--prometheus]\n"
            "\n"
            "Prints the metrics once, as r3e-httpd serves them at /metrics. If nobody answers,\n"
            "r3e_coordinator_up is 0 and the exit code 1.\n"
            "\n" CTL_STATUS_HELP
            "  -p, --prometheus         Prometheus' text format 0.0.4 in place of OpenMetrics 1.0\n"
            "\n"
            "Exit codes: 0 done, 1 nobody answers within 5 s, 2 wrong usage or configuration.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg | grep combinations\n"
            "  r3ectl " NAME " --config r3e-leaderboard.cfg --prometheus | promtool check metrics\n"
            "  r3ectl " NAME " --prometheus --config r3e-leaderboard.cfg >r3e.prom  # for node_exporter\n",
    .run = run,
};
