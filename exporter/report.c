#include "exporter/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/json_writer.h"

#define REPORT_BYTES_MAX ((size_t)8192) /* the coordinator reads no more */

/* Pairs of track and class. */
static void print_broken(const struct report_broken *broken, struct json_writer *json)
{
    json_key(json, "broken_boards");
    json_array_begin(json);
    for (uint32_t i = 0; i < broken->count; i++) {
        json_array_begin(json);
        json_uint(json, broken->boards[i].track_id);
        json_uint(json, broken->boards[i].class_id);
        json_array_end(json);
    }
    json_array_end(json);
}

static void print_json(const struct report *report, const struct report_broken *broken)
{
    struct buffer text = buffer_make(REPORT_BYTES_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    const struct {
        const char *name;
        uint64_t value;
    } figures[] = {
#define X(name) {#name, report->name},
        REPORT_FIGURES(X)
#undef X
    };
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        json_key(&json, figures[i].name);
        json_uint(&json, figures[i].value);
    }
    print_broken(broken, &json);
    json_object_end(&json);
    puts(buffer_string(&text));
    buffer_free(&text);
}

static void print_words(const struct report *report)
{
    printf("%" PRIu64 " entries by %" PRIu64 " drivers in %" PRIu64 " of %" PRIu64
           " combinations; files: %" PRIu64 " written (%" PRIu64 " KB), %" PRIu64 " unchanged, %" PRIu64
           " removed; %" PRIu64 " ms, %" PRIu64 " MB\n",
        report->total_entries, report->total_drivers, report->track_count, report->total_fetched_combinations,
        report->files_written, report->bytes_written / 1024, report->files_unchanged, report->files_removed,
        report->index_build_time_ms, report->peak_rss_kb / 1024);
}

void report_print_failure(const char *reason)
{
    struct buffer text = buffer_make(REPORT_BYTES_MAX);
    struct json_writer json = json_writer_make(&text);
    json_object_begin(&json);
    json_key(&json, "error");
    json_string(&json, reason);
    json_object_end(&json);
    puts(buffer_string(&text));
    fflush(stdout);
    buffer_free(&text);
}

bool report_print(const struct report *report, const struct report_broken *broken, bool as_json)
{
    if (as_json)
        print_json(report, broken);
    else
        print_words(report);
    return fflush(stdout) == 0;
}
