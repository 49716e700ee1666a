/* How long the statistics take, and what memory, without a store:
 *
 *     statistics [ENTRIES [DRIVERS [BOARDS]]]      (default: 296000 57600 8086)
 *
 * Sizes of boards fall off like a power law, drivers have from one to hundreds of entries, names are as long
 * as usual and often begin alike. Prints one line for each step, of one thread, then the files, made in
 * full, again, and after one board changed. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/arena.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/memory.h"
#include "exporter/segments.h"
#include "exporter/statistics.h"
#include "exporter/statistics_names.h"
#include "exporter/statistics_order.h"
#include "exporter/statistics_scores.h"

#define CLASSES   100u
#define POWER     0.95 /* of the board sizes */
#define TEXT_SIZE 24
#define WALL_MS   1767434400000 /* 2026-01-03T10:00:00Z */

struct world {
    uint32_t entries, drivers, boards;
    struct statistics_row *rows; /* person by person */
    uint32_t *first;             /* of each person, and behind the last one the end */
    struct statistics_person *persons;
    struct arena arena; /* their texts */
    struct snapshot snapshot;
    struct statistics_source source;
};

/* splitmix64 (Sebastiano Vigna, public domain) */
static uint64_t mix(uint64_t value)
{
    value += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return value ^ value >> 31;
}

/* ---- the world ---- */

static uint32_t rows_of(void *context, uint32_t person, struct statistics_row *out, uint32_t capacity)
{
    const struct world *world = context;
    uint32_t count = world->first[person + 1] - world->first[person];
    memcpy(out, world->rows + world->first[person], (count < capacity ? count : capacity) * sizeof *out);
    return count;
}

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void about(void *context, uint32_t person, struct statistics_person *out)
{
    const struct world *world = context;
    *out = world->persons[person];
}

static uint64_t digest(void *context, uint32_t person)
{
    (void)context;
    return mix(person);
}

static void make_names(struct world *world)
{
    static const char *const starts[] = {
        "Alexander ", "Christian ", "Michael ", "Jo", "An", "Max ", "Иг", "Zo"};
    world->persons = memory_zalloc(world->drivers, sizeof *world->persons);
    world->arena = arena_make(SIZE_MAX);
    for (uint32_t i = 0; i < world->drivers; i++) {
        uint64_t hash = mix(i);
        char name[TEXT_SIZE], avatar[TEXT_SIZE * 4];
        (void)snprintf(name, sizeof name, "%s%" PRIx32, starts[hash % 8], (uint32_t)(hash >> 40));
        (void)snprintf(avatar, sizeof avatar,
            "https://game.raceroom.com/game/user_avatar/%" PRIu32 "?source=leaderboard", 5000000 + i * 7);
        struct statistics_person *person = &world->persons[i];
        person->name = text_of(arena_copy(&world->arena, name, strlen(name)));
        person->key = person->key_json = person->name_json = person->name;
        person->avatar_json = text_of(arena_copy(&world->arena, avatar, strlen(avatar)));
        person->country_json = text_of("United Kingdom");
        person->team_json = text_of(i % 3 ? "" : "Racing Team");
        person->rank_json = text_of("A");
    }
}

/* The size of each board, at least 1. */
static void make_boards(struct world *world)
{
    double sum = 0;
    uint32_t left = world->entries;
    world->snapshot.board_count = world->boards;
    world->snapshot.boards = memory_zalloc(world->boards, sizeof *world->snapshot.boards);
    for (uint32_t i = 0; i < world->boards; i++)
        sum += pow(i + 3, -POWER);
    for (uint32_t i = 0; i < world->boards; i++) {
        struct snapshot_board *board = &world->snapshot.boards[i];
        uint32_t keep = world->boards - i - 1;
        uint32_t size = 1 + (uint32_t)(pow(i + 3, -POWER) / sum * (world->entries - world->boards));
        board->entry_count = keep == 0 || size + keep > left ? left - keep : size;
        board->class_id = 1000 + (uint32_t)(mix(i + 77) % CLASSES);
        board->changed_at_ms = WALL_MS;
        left -= board->entry_count;
    }
}

static uint32_t driver_of(const struct world *world, uint64_t row)
{
    double unit = (double)(mix(row * 3 + 1) >> 11) / (double)(UINT64_C(1) << 53);
    return (uint32_t)(pow(unit, 3) * world->drivers);
}

static void make_rows(struct world *world)
{
    uint64_t row = 0;
    uint32_t *next = memory_zalloc(world->drivers + 1, sizeof *next);
    world->first = memory_zalloc(world->drivers + 1, sizeof *world->first);
    world->rows = memory_zalloc(world->entries, sizeof *world->rows);
    for (row = 0; row < world->entries; row++)
        world->first[driver_of(world, row) + 1]++;
    for (uint32_t i = 0; i < world->drivers; i++)
        next[i + 1] = world->first[i + 1] += world->first[i];
    row = 0;
    for (uint32_t i = 0; i < world->boards; i++) {
        const struct snapshot_board *board = &world->snapshot.boards[i];
        for (uint32_t position = 1; position <= board->entry_count; position++)
            world->rows[next[driver_of(world, row++)]++] =
                (struct statistics_row){board->class_id, position, board->entry_count};
    }
    free(next);
}

static void make_catalogue(struct world *world)
{
    struct catalogue *catalogue = &world->snapshot.catalogue;
    *catalogue = catalogue_make();
    for (uint32_t i = 0; i < CLASSES; i++) {
        char name[TEXT_SIZE];
        uint32_t place;
        (void)snprintf(name, sizeof name, "Class %" PRIu32, i);
        const char *problem =
            catalogue_add_item(catalogue, &catalogue->classes, 1000 + i, name, strlen(name));
        if (!problem && i % 10 == 0) /* each with four of a hundred classes */
            problem = catalogue_add_superclass(catalogue, name, strlen(name), &place);
        for (uint32_t k = 0; k < 4 && !problem && i % 10 == 0; k++)
            problem = catalogue_add_member(catalogue, place, 1000 + i + k);
        if (problem)
            log_fatal("statistics: class %" PRIu32 " %s", i, problem);
    }
}

/* ---- measuring ---- */

/* When a step began: on the wall, and in CPU time of all threads. */
struct start {
    int64_t wall_us;
    double cpu_ms;
};

static double cpu_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static struct start begin(void)
{
    return (struct start){clock_monotonic_us(), cpu_ms()};
}

static void say(const char *step, struct start start)
{
    printf("%-38s %8.1f ms  CPU %8.1f ms  peak %7.1f MB\n", step,
        (double)(clock_monotonic_us() - start.wall_us) / 1000, cpu_ms() - start.cpu_ms,
        (double)guard_peak_rss_kb() / 1024);
}

static void compute(const struct world *world, const struct statistics_touched *touched, unsigned threads,
    struct guard *guard)
{
    struct statistics_scores scores;
    struct statistics_order order = {0};
    struct start start = begin(), at = start;
    struct statistics_scopes scopes = statistics_scopes_make(
        &world->snapshot.catalogue, world->snapshot.boards, world->snapshot.board_count, touched);
    if (!statistics_scores_make(&scores, &world->source, &scopes, threads, guard))
        log_fatal("statistics: %s", guard_reason(guard));
    say(touched ? "one class touched, two threads: figures" : "figures of all scopes", at);
    uint64_t kept = 0;
    for (uint32_t place = 1; place < scopes.count; place++)
        kept += scores.lists[place].count;
    at = begin();
    uint32_t *ranks = statistics_names_rank(&world->source);
    say("order of names", at);
    at = begin();
    for (uint32_t place = 0; place < scopes.count; place++) {
        if (!scopes.scopes[place].touched)
            continue;
        statistics_order_begin(&order, &scores.lists[place], ranks);
        for (unsigned sort = 0; sort < STATISTICS_SORT_COUNT; sort++) {
            statistics_order_make(&order, &scores.lists[place], (enum statistics_sort)sort,
                place ? STATISTICS_CATEGORY : STATISTICS_ALL);
            if (!place)
                statistics_order_narrow(&order, &scores.lists[0], (enum statistics_sort)sort, STATISTICS_TOP);
        }
    }
    say("order of the lists", at);
    say("together", start);
    printf("    %" PRIu32 " persons, %" PRIu64 " pairs of person and scope kept, %" PRIu64
           " averages by fractions\n",
        scores.lists[0].count, kept, scores.exact_averages);
    statistics_order_free(&order);
    free(ranks);
    statistics_scores_free(&scores);
    statistics_scopes_free(&scopes);
}

/* Where the files are published, and what the last run kept. */
struct site {
    char folder[32];
    struct guard *guard;
    struct inventory inventory;
};

static void fail_unless(bool done, struct guard *guard)
{
    if (!done)
        log_fatal("statistics: %s", guard_reason(guard));
}

static void write_all(const struct world *world, struct site *site, const struct statistics_touched *touched,
    unsigned threads, const char *step)
{
    struct publication publication;
    const char *path;
    fail_unless(publication_open(&publication, site->folder, site->guard), site->guard);
    struct segments *segments = segments_open(site->folder, false);
    publication.segments = segments;
    publication.previous = &site->inventory;
    struct start at = begin();
    fail_unless(statistics_end(statistics_begin(
                    &publication, &world->snapshot, &world->source, touched, threads, site->guard)),
        site->guard);
    say(step, at);
    printf("    %" PRIu64 " files written with %" PRIu64 " bytes, %" PRIu64 " unchanged\n",
        publication.figures.files_written, publication.figures.bytes_written,
        publication.figures.files_unchanged);
    fail_unless(publication_commit(&publication), site->guard);
    fail_unless(inventory_complete(&publication.inventory, publication.root_fd, 1, &path), site->guard);
    segments_save(segments, &publication.inventory);
    inventory_free(&site->inventory);
    site->inventory = publication.inventory;
    publication.inventory = inventory_make();
    segments_close(&segments);
    publication_close(&publication);
}

static void remove_all(struct site *site)
{
    struct publication publication;
    char path[128];
    fail_unless(publication_open(&publication, site->folder, site->guard) &&
                    statistics_remove(&publication) && publication_commit(&publication),
        site->guard);
    publication_close(&publication);
    (void)snprintf(path, sizeof path, "%s/cache", site->folder);
    (void)rmdir(path);
    (void)snprintf(path, sizeof path, "%s/" SEGMENTS_NAME, site->folder);
    (void)unlink(path);
    (void)rmdir(site->folder);
    inventory_free(&site->inventory);
}

/* The last one of an average board takes the lead (and those of any other that looks the same). Returns the
 * class. */
static uint32_t change_board(struct world *world)
{
    const struct snapshot_board *board = world->snapshot.boards;
    while (board->entry_count > world->entries / world->boards)
        board++;
    for (uint32_t i = 0; i < world->entries; i++) {
        struct statistics_row *row = &world->rows[i];
        if (row->class_id == board->class_id && row->total_entries == board->entry_count)
            row->position = row->position % row->total_entries + 1;
    }
    return board->class_id;
}

int main(int argc, char **argv)
{
    uint32_t numbers[] = {296000, 57600, 8086};
    for (int i = 1; i < argc && i <= 3; i++)
        numbers[i - 1] = (uint32_t)strtoul(argv[i], NULL, 10);
    struct world world = {.entries = numbers[0], .drivers = numbers[1], .boards = numbers[2]};
    struct guard guard;
    struct site site = {"/tmp/r3e-bench-XXXXXX", &guard, inventory_make()};
    if (!world.drivers || !world.boards || world.entries < world.boards || !mkdtemp(site.folder))
        log_fatal("usage: statistics [ENTRIES [DRIVERS [BOARDS]]], no more boards than entries");
    guard_open(&guard, 600000, 0);
    struct start at = begin();
    make_names(&world);
    make_boards(&world);
    make_rows(&world);
    make_catalogue(&world);
    world.source = (struct statistics_source){&world, world.drivers, rows_of, about, digest};
    say("(the data itself)", at);
    const struct statistics_touched one = {(const uint32_t[]){1000}, 1};
    compute(&world, NULL, 1, &guard);
    compute(&world, &one, 2, &guard);
    write_all(&world, &site, NULL, 2, "all files, two threads");
    write_all(&world, &site, NULL, 2, "the same again");
    uint32_t changed = change_board(&world);
    write_all(&world, &site, &(struct statistics_touched){&changed, 1}, 2, "one board changed");
    remove_all(&site);
    guard_close(&guard);
    catalogue_free(&world.snapshot.catalogue);
    free(world.snapshot.boards);
    free(world.persons);
    arena_free(&world.arena);
    free(world.first);
    free(world.rows);
    return EXIT_SUCCESS;
}
