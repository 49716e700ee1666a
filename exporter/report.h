#ifndef R3E_EXPORTER_REPORT_H
#define R3E_EXPORTER_REPORT_H
/* The figures of a run: for people, or as the JSON object that the coordinator reads and puts into
 * status.json. It names the boards that were found broken, so that the coordinator has them fetched again. */
#include <stdbool.h>
#include <stdint.h>

#include "exporter/publish.h"

/* Every figure: name in the object. */
#define REPORT_FIGURES(X)                                                                                    \
    X(generation)                                                                                            \
    X(track_count)                                                                                           \
    X(total_fetched_combinations)                                                                            \
    X(total_unique_tracks)                                                                                   \
    X(total_drivers)                                                                                         \
    X(total_entries)                                                                                         \
    X(total_teams)                                                                                           \
    X(files_written)                                                                                         \
    X(files_unchanged)                                                                                       \
    X(files_removed)                                                                                         \
    X(bytes_written)                                                                                         \
    X(index_build_time_ms)                                                                                   \
    X(peak_rss_kb)                                                                                           \
    X(broken_records)

struct report {
#define X(name) uint64_t name;
    REPORT_FIGURES(X)
#undef X
};

/* Boards that were found broken and are named; of more, the rest come with the next runs. */
#define REPORT_BROKEN_MAX 150u

struct report_broken {
    struct {
        uint32_t track_id, class_id;
    } boards[REPORT_BROKEN_MAX];
    uint32_t count;
};

/* Prints one line to standard output. False: it could not be written. */
bool report_print(const struct report *report, const struct report_broken *broken, bool as_json);

/* What the coordinator gets instead of a report: {"error": reason}, one line on standard output. */
void report_print_failure(const char *reason);

#endif
