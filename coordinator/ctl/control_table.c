#include "coordinator/ctl/control.h"

#define USAGE(name, rest) "Usage: r3ectl " name " [--config FILE | --connect ENDPOINT] [--json]" rest "\n\n"
#define OPTIONS                                                                                              \
    "\n" CTL_CONTROL_HELP "  -j, --json               the answer as one JSON object (common/PROTOCOL.md)\n"
#define OPTION_ALL "  -a, --all                where several tracks or classes have a name, all of them\n"
#define CODES      "\nExit codes: 0 done, 1 failed or nobody answers, 2 wrong usage or configuration"
#define EXAMPLES   ".\n\nExamples:\n"
#define BOARDS                                                                                               \
    "A BOARD is TRACK-CLASS, or TRACK for all its classes, or TRACK CLASS; tracks and classes by "           \
    "identifier\n"                                                                                           \
    "or by name, of which a part is enough, without accents and in any case. Where several have it you "     \
    "are\n"                                                                                                  \
    "asked which one, or they are listed.\n"

/* clang-format off: it would put one word on each line. */
const struct ctl_command control_commands[CONTROL_PLAIN_COUNT] = {
    [CONTROL_REFRESH] =
        {
            .name = "refresh",
            .summary = "fetch boards again, all of them or those named",
            .help = USAGE("refresh",
                " [--all] [--failed | BOARD…]") "Without a board a full refresh begins; one under way serves "
                                                "this request too. With boards those go\n"
                                                "before all others, and an export follows the last of them.\n"
                                                "\n" BOARDS OPTIONS OPTION_ALL
                                                "      --failed             those that failed in the last "
                                                "refresh\n" CODES
                                                ", 3 some\nidentifiers are not known" EXAMPLES
                                                "  r3ectl refresh --config r3e-leaderboard.cfg\n"
                                                "  r3ectl refresh --config r3e-leaderboard.cfg 1671 "
                                                "263-1703\n"
                                                "  r3ectl refresh --config r3e-leaderboard.cfg \"Spa\" \"GTR "
                                                "3\"\n",
            .run = control_run,
        },
    [CONTROL_PAUSE] =
        {
            .name = "pause",
            .summary = "fetch nothing until it is resumed",
            .help = USAGE(
                "pause", " [--for TIME] [--reason TEXT]") "Boards under way are finished. The pause holds "
                                                          "over restarts of the coordinator.\n" OPTIONS
                                                          "  -f, --for TIME           ends by itself after "
                                                          "that: 90s, 15m, 2h, 1d\n"
                                                          "  -r, --reason TEXT        shown in the status, "
                                                          "at most 120 bytes\n" CODES EXAMPLES
                                                          "  r3ectl pause --config r3e-leaderboard.cfg --for "
                                                          "2h --reason \"the service asked for it\"\n",
            .run = control_run,
        },
    [CONTROL_RESUME] =
        {
            .name = "resume",
            .summary = "end a pause",
            .help = USAGE("resume",
                "") "Says what else keeps the crawl from going on, if anything does.\n" OPTIONS CODES EXAMPLES
                    "  r3ectl resume --config r3e-leaderboard.cfg\n",
            .run = control_run,
        },
    [CONTROL_DRAIN] =
        {
            .name = "drain",
            .summary = "finish what is under way, publish, end the coordinator",
            .help = USAGE("drain", "") "Nothing more is handed out; when all boards under way have come in "
                                       "and are published the\n"
                                       "coordinator exits. This may take as long as the slowest answer: "
                                       "SIGTERM stops it at once,\n"
                                       "and loses nothing either.\n" OPTIONS CODES EXAMPLES
                                       "  r3ectl drain --config r3e-leaderboard.cfg\n",
            .run = control_run,
        },
    [CONTROL_EXPORT] =
        {
            .name = "export",
            .summary = "publish what the store has now",
            .help = USAGE("export",
                " [--wait]") "One under way serves this request too unless something new has come since it "
                             "began;\n"
                             "another follows it then.\n" OPTIONS
                             "  -w, --wait               until it is published, or has failed\n" CODES
                                 EXAMPLES "  r3ectl export --config r3e-leaderboard.cfg --wait\n",
            .run = control_run,
        },
    [CONTROL_RELEASE] =
        {
            .name = "release",
            .summary = "end a board's quarantine",
            .help = USAGE("release",
                " [--all] BOARD…") "A board whose workers died three times is left alone for a day; this "
                                   "makes it due now.\n"
                                   "\n" BOARDS OPTIONS OPTION_ALL CODES ", 3 some\nwere released" EXAMPLES
                                   "  r3ectl release --config r3e-leaderboard.cfg 1671-1703\n"
                                   "  r3ectl release --config r3e-leaderboard.cfg \"Monza Circuit - Grand "
                                   "Prix\" \"GTR 3\"\n",
            .run = control_run,
        },
    [CONTROL_WHY] =
        {
            .name = "why",
            .summary = "why a board is not being fetched now, and until when",
            .help =
                USAGE("why", " BOARD") "One sentence.\n"
                                       "\n" BOARDS OPTIONS CODES EXAMPLES
                                       "  r3ectl why --config r3e-leaderboard.cfg 1671-1703\n"
                                       "  r3ectl why --connect ipc:///var/lib/r3e-leaderboard/control.sock "
                                       "\"Spa\" \"GTR 3\" --json\n",
            .run = control_run,
        },
};
