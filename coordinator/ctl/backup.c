#include "coordinator/ctl/backup.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "common/plural.h"
#include "coordinator/ctl/store_backup.h"
#include "coordinator/ctl/store_command.h"

#define NAME "backup"

static void on_problem(void *context, uint32_t track_id, uint32_t class_id, const char *text)
{
    (void)context;
    if (track_id || class_id)
        fprintf(stderr, "r3ectl " NAME ": %" PRIu32 "-%" PRIu32 ": %s\n", track_id, class_id, text);
    else
        fprintf(stderr, "r3ectl " NAME ": %s\n", text);
}

static void on_progress(void *context, uint32_t done, uint32_t all)
{
    const bool *shown = context;
    if (*shown)
        store_command_progress(done, all);
}

static int back_up(const char *folder, void *context)
{
    const char *to = context;
    bool shown = isatty(STDERR_FILENO);
    struct store_check_events events = {on_problem, on_progress, &shown};
    struct store_check copied;
    char error[STORE_CHECK_ERROR_SIZE];
    if (!store_backup_run(folder, to, &events, &copied, error)) {
        fprintf(stderr, "r3ectl " NAME ": %s\n", error);
        return CTL_FAILED;
    }
    printf("%s: generation %" PRIu64 " of store %s, %" PRIu32 " boards with %" PRIu64 " entries, %.1f MB\n",
        to, copied.generation, copied.id[0] ? copied.id : "without an id", copied.boards, copied.entries,
        (double)(copied.pages * copied.page_size) / 1e6);
    if (!copied.broken_boards && !copied.broken_metas)
        return CTL_DONE;
    printf("%" PRIu64 " %s and %" PRIu64 " other %s are broken, as in the store\n", copied.broken_boards,
        plural(copied.broken_boards, "board", "boards"), copied.broken_metas,
        plural(copied.broken_metas, "record", "records"));
    return CTL_PARTLY;
}

static int run(const struct ctl_globals *globals, int argc, char **argv)
{
    static const struct option long_options[] = {
        {"config", required_argument, NULL, 'c'},
        {"store", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    struct ctl_globals where = *globals;
    const char *folder = NULL;
    int option;
    while ((option = getopt_long(argc, argv, "c:s:", long_options, NULL)) != -1) {
        if (option == 'c')
            where.config_path = optarg;
        else if (option == 's')
            folder = optarg;
        else
            return ctl_wrong_usage(NAME, "unknown option or missing argument");
    }
    if (argc - optind != 1)
        return ctl_wrong_usage(NAME, "name one folder to copy the store to");
    return store_command_run(&where, folder, back_up, argv[optind]);
}

const struct ctl_command backup_command = {
    .name = NAME,
    .summary = "copies the store, sound and of one moment",
    .help = "Usage: r3ectl " NAME " [--config FILE | --store DIR] TO\n"
            "\n"
            "  -c, --config FILE  the coordinator's configuration\n"
            "  -s, --store DIR    the store's folder\n"
            "  TO                 the folder to copy to; made if it does not exist. The last backup in it\n"
            "                     is replaced when the new one is complete\n"
            "\n"
            "A coordinator may be running. The copy is checked from end to end. It is a store: to go back\n"
            "to it, stop the coordinator, put data.mdb into an empty folder that store.dir names, and\n"
            "start again.\n"
            "\n"
            "Exit codes: 0 done; 1 no backup was made; 2 wrong usage or configuration; 3 done, but some\n"
            "records of the store are broken (r3ectl check), and in the copy too.\n"
            "\n"
            "Examples:\n"
            "  r3ectl " NAME " --config /etc/r3e-leaderboard/r3e-leaderboard.cfg /var/backups/r3e\n"
            "  r3ectl " NAME " --store /var/lib/r3e-leaderboard /var/backups/r3e-$(date +%u)\n",
    .run = run,
};
