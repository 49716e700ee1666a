#include "exporter/statistics_scores.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "common/memory.h"
#include "exporter/statistics_average.h"
#include "exporter/threads.h"

#define PERSONS_BETWEEN_LOOKS 1024u

/* Some persons have hundreds of rows: who is done early takes another part. */
#define PARTS_A_THREAD 4u

/* What a person's rows in one scope sum up to. */
struct tally {
    struct statistics_average average;
    uint64_t bested;
    uint32_t entries, poles, podiums;
};

/* Persons that follow each other, and what came of them. */
struct part {
    uint32_t first, end;
    struct statistics_list *lists; /* by place of the scope; that of overall lies in the result */
    uint64_t exact_averages;
};

struct job {
    const struct statistics_source *source;
    const struct statistics_scopes *scopes;
    struct guard *guard;
    struct part *parts;
    uint32_t part_count;
    _Atomic uint32_t next_part; /* to be taken */
};

/* What a thread works with. */
struct walk {
    const struct statistics_source *source;
    const struct statistics_scopes *scopes;
    struct part *part;
    struct statistics_row *rows; /* of one person */
    struct statistics_row *some; /* room for those of one scope */
    uint32_t row_count, row_capacity;
    struct tally *tallies; /* by place of the scope; empty ones between persons */
    uint32_t *seen;        /* the places that this person's rows are in */
    uint32_t seen_count;
};

static struct tally tally_of(const struct statistics_row *row)
{
    struct tally tally = {.entries = 1};
    uint32_t position = row->position, total = row->total_entries;
    tally.poles = position == 1 && total >= 2;
    tally.podiums = position <= 3 && total >= 4;
    tally.bested = total > position ? total - position : 0;
    statistics_average_add(&tally.average, position, total);
    return tally;
}

/* Of a scope that is not touched only whether there is a row matters. */
static void add_to(struct walk *walk, uint32_t place, const struct tally *row)
{
    struct tally *tally = &walk->tallies[place];
    if (!tally->entries)
        walk->seen[walk->seen_count++] = place;
    else if (!walk->scopes->scopes[place].touched)
        return;
    statistics_average_join(&tally->average, &row->average);
    tally->bested += row->bested;
    tally->entries += row->entries;
    tally->poles += row->poles;
    tally->podiums += row->podiums;
}

static void make_room(struct walk *walk, uint32_t rows)
{
    walk->row_capacity = rows;
    walk->rows = memory_resize(walk->rows, rows, sizeof *walk->rows);
    walk->some = memory_resize(walk->some, rows, sizeof *walk->some);
}

static void read_rows(struct walk *walk, uint32_t person)
{
    const struct statistics_source *source = walk->source;
    walk->row_count = source->rows(source->context, person, walk->rows, walk->row_capacity);
    if (walk->row_count <= walk->row_capacity)
        return;
    make_room(walk, walk->row_count * 2);
    walk->row_count = source->rows(source->context, person, walk->rows, walk->row_capacity);
}

static bool belongs(const struct walk *walk, uint32_t class_id, uint32_t place)
{
    uint32_t count;
    const uint32_t *places = statistics_scopes_of(walk->scopes, class_id, &count);
    bool found = place == 0;
    for (uint32_t i = 0; i < count && !found; i++)
        found = places[i] == place;
    return found;
}

static int64_t average_of(struct walk *walk, uint32_t place)
{
    const struct statistics_average *average = &walk->tallies[place].average;
    int64_t published;
    if (!average->count)
        return STATISTICS_NO_AVERAGE;
    if (statistics_average_published(average, &published))
        return published;
    uint32_t count = 0;
    for (uint32_t i = 0; i < walk->row_count; i++) {
        if (belongs(walk, walk->rows[i].class_id, place))
            walk->some[count++] = walk->rows[i];
    }
    walk->part->exact_averages++;
    return statistics_average_exact(walk->some, count);
}

static struct statistics_score *append(struct statistics_list *list)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity + list->capacity / 2 : 64;
        list->scores = memory_resize(list->scores, list->capacity, sizeof *list->scores);
    }
    return &list->scores[list->count++];
}

static void keep(struct walk *walk, uint32_t person, uint32_t place)
{
    const struct statistics_scope *scope = &walk->scopes->scopes[place];
    const struct tally *tally = &walk->tallies[place];
    struct statistics_list *list = &walk->part->lists[place];
    list->persons++;
    if (place != 0 && (!scope->touched || tally->entries < STATISTICS_CATEGORY_ENTRIES))
        return;
    *append(list) = (struct statistics_score){
        .person = person,
        .entries = tally->entries,
        .poles = tally->poles,
        .podiums = tally->podiums,
        .bested = tally->bested,
        .average = average_of(walk, place),
    };
}

static void add_person(struct walk *walk, uint32_t person)
{
    read_rows(walk, person);
    walk->seen_count = 0;
    for (uint32_t i = 0; i < walk->row_count; i++) {
        uint32_t count;
        const uint32_t *places = statistics_scopes_of(walk->scopes, walk->rows[i].class_id, &count);
        struct tally row = tally_of(&walk->rows[i]);
        add_to(walk, 0, &row);
        for (uint32_t k = 0; k < count; k++)
            add_to(walk, places[k], &row);
    }
    for (uint32_t i = 0; i < walk->seen_count; i++) {
        keep(walk, person, walk->seen[i]);
        walk->tallies[walk->seen[i]] = (struct tally){0};
    }
}

static void *walk_parts(void *context)
{
    struct job *job = context;
    struct walk walk = {
        .source = job->source,
        .scopes = job->scopes,
        .tallies = memory_zalloc(job->scopes->count, sizeof *walk.tallies),
        .seen = memory_zalloc(job->scopes->count, sizeof *walk.seen),
    };
    uint32_t number;
    make_room(&walk, 64);
    while ((number = atomic_fetch_add(&job->next_part, 1)) < job->part_count) {
        walk.part = &job->parts[number];
        for (uint32_t person = walk.part->first; person < walk.part->end; person++) {
            if (person % PERSONS_BETWEEN_LOOKS == 0 && !guard_ok(job->guard))
                break;
            add_person(&walk, person);
        }
    }
    free(walk.rows);
    free(walk.some);
    free(walk.tallies);
    free(walk.seen);
    return NULL;
}

/* Lists of overall are written where they belong, with room between them where somebody has no row. */
static struct part *make_parts(const struct job *job, struct statistics_score *overall)
{
    struct part *parts = memory_zalloc(job->part_count, sizeof *parts);
    uint64_t persons = job->source->person_count;
    for (uint32_t i = 0; i < job->part_count; i++) {
        struct part *part = &parts[i];
        part->first = (uint32_t)(persons * i / job->part_count);
        part->end = (uint32_t)(persons * (i + 1) / job->part_count);
        part->lists = memory_zalloc(job->scopes->count, sizeof *part->lists);
        part->lists[0].scores = overall + part->first;
        part->lists[0].capacity = part->end - part->first;
    }
    return parts;
}

/* The lists of all parts behind each other, for one scope. */
static void join(const struct job *job, uint32_t place, struct statistics_list *to)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < job->part_count; i++)
        count += job->parts[i].lists[place].count;
    if (place != 0)
        to->scores = memory_zalloc(count, sizeof *to->scores);
    for (uint32_t i = 0; i < job->part_count; i++) {
        struct statistics_list *list = &job->parts[i].lists[place];
        if (list->count)
            memmove(to->scores + to->count, list->scores, list->count * sizeof *to->scores);
        to->count += list->count;
        to->persons += list->persons;
        if (place != 0)
            free(list->scores);
    }
}

bool statistics_scores_make(struct statistics_scores *scores, const struct statistics_source *source,
    const struct statistics_scopes *scopes, unsigned threads, struct guard *guard)
{
    struct job job = {
        .source = source, .scopes = scopes, .guard = guard, .part_count = threads * PARTS_A_THREAD};
    *scores = (struct statistics_scores){.scope_count = scopes->count};
    scores->lists = memory_zalloc(scopes->count, sizeof *scores->lists);
    scores->lists[0].scores = memory_zalloc(source->person_count, sizeof *scores->lists[0].scores);
    job.parts = make_parts(&job, scores->lists[0].scores);
    struct threads team = threads_start(threads, walk_parts, &job);
    threads_join(&team);
    for (uint32_t place = 0; place < scopes->count; place++)
        join(&job, place, &scores->lists[place]);
    for (uint32_t i = 0; i < job.part_count; i++) {
        scores->exact_averages += job.parts[i].exact_averages;
        free(job.parts[i].lists);
    }
    free(job.parts);
    return guard_ok(guard);
}

void statistics_scores_free(struct statistics_scores *scores)
{
    for (uint32_t i = 0; i < scores->scope_count; i++)
        free(scores->lists[i].scores);
    free(scores->lists);
    *scores = (struct statistics_scores){0};
}
