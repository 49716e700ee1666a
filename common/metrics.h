#ifndef R3E_COMMON_METRICS_H
#define R3E_COMMON_METRICS_H
/* The coordinator as metrics: the summary of its status socket (PROTOCOL.md, "Status") in other words. One
 * table, metrics_table.c, says which field becomes which metric; names follow
 * https://prometheus.io/docs/practices/naming/ and
 * https://prometheus.io/docs/instrumenting/writing_exporters/.
 *
 * Every family is there from the first summary on, at zero where nothing has happened, and labels have few
 * values: no metric for a combination or a worker. */
#include <stdbool.h>

#include "common/metrics_writer.h"
#include "common/pack_reader.h"

/* Whoever hears nothing for so long says that the coordinator is not there: it speaks twice a second. */
#define METRICS_SILENCE_MS 10000

/* Whether the coordinator is heard, and how long ago it was heard last (never: since when one listens): there
 * even if nothing else is. */
void metrics_write_presence(struct metrics_writer *writer, bool up, double silence_s);

/* All that a summary says. False, and nothing written, if it is none: no JSON object of "type":"summary". A
 * field that is missing or of another type is left out, a failure reason this release does not know is not:
 * the sender may be of another release. */
bool metrics_write_summary(struct metrics_writer *writer, struct text summary);

#endif
