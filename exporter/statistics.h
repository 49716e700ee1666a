#ifndef R3E_EXPORTER_STATISTICS_H
#define R3E_EXPORTER_STATISTICS_H
/* The statistics (FORMATS, "Sharded layout"): stats/index.json and, below stats/, the lists of persons by
 * poles, bested drivers, podiums, average and entries for all rows, each class and each superclass.
 *
 * Where the rows and persons come from is not known here: they are asked of a `statistics_source`. Memory
 * follows the persons (some 110 bytes each: figures 32, sorting 40, the overall lists 20, digests 16) and the
 * pairs of person and class or superclass with two rows or more (32 bytes each), not the rows. Figures and
 * order of 296,000 rows by 57,600 persons take 26 ms of CPU time, of which names and rows are shared out to
 * threads; all of it with the files takes 12 MB, and 95 MB at ten times that (tests/bench/statistics).
 */
#include <stdbool.h>
#include <stdint.h>

#include "common/pack_reader.h"
#include "exporter/guard.h"
#include "exporter/publish.h"
#include "exporter/snapshot.h"

/* A row of a person; one for each combination, the best placed (FORMATS). */
struct statistics_row {
    uint32_t class_id;
    uint32_t position;      /* up to BOARD_POSITION_MAX, and not always within total_entries */
    uint32_t total_entries; /* at least 1 */
};

struct statistics_person {
    struct text key, name; /* for ordering; `key` is the first one, that of the table (FORMATS) */
    /* What is published; escaped for JSON, without quotes. */
    struct text key_json, name_json, avatar_json, country_json, team_json, rank_json;
};

/* All functions are called by several threads at once, for any persons in any order. */
struct statistics_source {
    void *context;
    uint32_t person_count; /* persons are numbers below it, ascending in FORMATS' order of persons */

    /* Writes the first `capacity` rows of a person to `out`, in any order, and returns how many there are. */
    uint32_t (*rows)(void *context, uint32_t person, struct statistics_row *out, uint32_t capacity);

    /* The texts live as long as the source. */
    void (*person)(void *context, uint32_t person, struct statistics_person *out);

    /* A hash of all that `person` gives, and about how many bytes the published ones of those texts have (it
     * may depend only on what the hash depends on): both without looking at the texts. */
    uint64_t (*person_digest)(void *context, uint32_t person);
    uint32_t (*person_bytes)(void *context, uint32_t person);

    /* The texts of `soon` will be asked for soon, those of `later` after them. Has them brought to the
     * processor; nothing follows from it. */
    void (*expect)(void *context, uint32_t soon, uint32_t later);
};

/* Classes in which something changed since the files were published: those of changed boards, and all classes
 * of persons whose display (anything of statistics_person) changed. In any order, repeats do no harm. */
struct statistics_touched {
    const uint32_t *class_ids;
    uint32_t count;
};

/* All files of the statistics, made on `threads` threads. Beginning computes what stands in them, with more
 * than one thread beside what the caller does next; ending writes them and removes those that are due to go.
 * What is computed takes 32 bytes for each person and scope that he is listed in.
 *
 * With `touched` (NULL: everything; needed only to begin) the files of other classes, and of superclasses
 * without any of these, stay as the last run left them, unread, as far as publication_keep knows them; the
 * others are made. That is right only if the last run's catalogue was the same and it ran the same program.
 *
 * Boards must be verified (snapshot.h); broken ones count as not there. What statistics_begin was given must
 * outlive the work, which has to be ended in any case: statistics_end releases it. False: the guard knows
 * why. */
struct statistics_work;

struct statistics_work *statistics_begin(struct publication *publication, const struct snapshot *snapshot,
    const struct statistics_source *source, const struct statistics_touched *touched, unsigned threads,
    struct guard *guard);

/* Waits until it is computed: no row is asked for any more, only persons. */
void statistics_compute(struct statistics_work *work);

bool statistics_end(struct statistics_work *work);

/* Removes all files of the statistics, and their folders if nothing else is in them. */
bool statistics_remove(struct publication *publication);

#endif
