#include "exporter/statistics.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <zlib.h>

#include "exporter/segments.h"
#include "tests/unit/statistics_fixture.h"

#define TEXT_MAX (1u << 20)

/* A public folder and what one run puts there. */
struct site {
    char folder[64];
    struct guard guard;
    struct publication publication;
    struct publication_figures figures; /* of the last run … */
    struct inventory inventory;         /* … and what it published */
    struct segments *segments;
    char text[TEXT_MAX];
};

static struct site *site_make(void)
{
    struct site *site = calloc(1, sizeof *site);
    assert_non_null(site);
    unit_make_folder(site->folder);
    site->inventory = inventory_make();
    return site;
}

static void empty_folder(int parent_fd, const char *name)
{
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    DIR *stream = fdopendir(fd);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (entry->d_type == DT_DIR)
            empty_folder(fd, entry->d_name);
        assert_int_equal(unlinkat(fd, entry->d_name, entry->d_type == DT_DIR ? AT_REMOVEDIR : 0), 0);
    }
    closedir(stream);
}

static void site_free(struct site *site)
{
    empty_folder(AT_FDCWD, site->folder);
    unit_remove_folder(site->folder);
    inventory_free(&site->inventory);
    free(site);
}

static void open_run(struct site *site)
{
    guard_open(&site->guard, 60000, 0);
    assert_true(publication_open(&site->publication, site->folder, &site->guard));
    site->segments = segments_open(site->folder, false);
    site->publication.previous = &site->inventory;
    site->publication.segments = site->segments;
}

static void close_run(struct site *site)
{
    const char *path;
    assert_true(publication_commit(&site->publication));
    assert_true(inventory_complete(&site->publication.inventory, site->publication.root_fd, 2, &path));
    assert_true(segments_save(site->segments, &site->publication.inventory));
    inventory_free(&site->inventory);
    site->inventory = site->publication.inventory;
    site->publication.inventory = inventory_make();
    site->figures = site->publication.figures;
    segments_close(&site->segments);
    publication_close(&site->publication);
    guard_close(&site->guard);
}

static void publish(struct site *site, const struct fixture *fixture,
    const struct statistics_touched *touched, unsigned threads)
{
    open_run(site);
    assert_true(statistics_end(statistics_begin(
        &site->publication, &fixture->snapshot, &fixture->source, touched, threads, &site->guard)));
    close_run(site);
}

/* The content of a file below cache/, decoded; NULL if there is none. */
static const char *content_of(struct site *site, const char *name)
{
    char path[256];
    assert_true(snprintf(path, sizeof path, "%s/cache/%s", site->folder, name) < (int)sizeof path);
    gzFile stream = gzopen(path, "rb");
    if (!stream)
        return NULL;
    int length = gzread(stream, site->text, TEXT_MAX - 1);
    assert_true(length >= 0 && length < (int)TEXT_MAX - 1);
    site->text[length] = 0;
    assert_int_equal(gzclose(stream), Z_OK);
    return site->text;
}

static bool is_there(struct site *site, const char *name)
{
    char path[256];
    struct stat status;
    assert_true(snprintf(path, sizeof path, "%s/cache/%s", site->folder, name) < (int)sizeof path);
    return stat(path, &status) == 0;
}

#define HEAD(type, id, name, sort, count)                                                                    \
    "{\"scope_type\":\"" type "\",\"scope_id\":\"" id "\",\"scope_name\":\"" name "\",\"sort_by\":\"" sort   \
    "\",\"count\":" count ",\"updated_at\":\"2026-01-03T10:00:00Z\",\"results\":["
#define RESULT(key, name, poles, bested, podiums, average, entries)                                          \
    "{\"driver_key\":\"" key "\",\"name\":\"" name                                                           \
    "\",\"avatar\":\"/a.png\",\"country\":\"\",\"team\":\"\",\"rank\":\"A\",\"pole_positions\":" poles       \
    ",\"bested_drivers\":" bested ",\"podiums\":" podiums ",\"avg_bested\":" average ",\"entries\":" entries \
    "}"

static void test_worked_example(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    fixture_fill_example(fixture);
    publish(site, fixture, NULL, 2);
    assert_string_equal(content_of(site, "stats/overall/overall_pole.json.gz"),
        HEAD("overall", "overall", "Overall", "pole", "2") RESULT(
            "a", "A", "1", "5", "2", "83.33", "3") "," RESULT("b", "B", "1", "5", "2", "83.33", "2") "]}");
    assert_string_equal(content_of(site, "stats/overall/overall_top_avg_bested.json.gz"),
        HEAD("overall", "overall", "Overall", "avg_bested", "0") "]}");
    assert_string_equal(content_of(site, "stats/classes/1703_avg_bested.json.gz"),
        HEAD("class", "1703", "GTR 3", "avg_bested", "0") "]}");
    assert_string_equal(content_of(site, "stats/superclasses/gt3_avg_bested.json.gz"),
        HEAD("superclass", "gt3", "GT3", "avg_bested", "0") "]}");
    assert_string_equal(content_of(site, "stats/superclasses/gt3_podium.json.gz"),
        HEAD("superclass", "gt3", "GT3", "podium", "4") RESULT("a", "A", "1", "5", "2", "83.33",
            "3") "," RESULT("b", "B", "1", "5", "2", "83.33", "2") "," RESULT("c", "C", "0", "1", "1",
            "16.67", "2") "," RESULT("d", "D", "0", "1", "1", "16.67", "2") "]}");
    static const char *const sorts[] = {"pole", "bested", "podium", "avg_bested", "entries"};
    for (unsigned i = 0; i < 5; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "stats/classes/12770_%s.json.gz", sorts[i]);
        assert_non_null(strstr(content_of(site, path), "\"count\":0,"));
    }
    assert_false(is_there(site, "stats/classes/8682_pole.json.gz")); /* its board is empty */
    site_free(site);
    fixture_free(fixture);
}

#define FILES(place)                                                                                         \
    "{\"pole_file\":\"cache/stats/" place "_pole.json.gz\",\"bested_file\":\"cache/stats/" place             \
    "_bested.json.gz\",\"podium_file\":\"cache/stats/" place                                                 \
    "_podium.json.gz\",\"avg_bested_file\":\"cache/stats/" place                                             \
    "_avg_bested.json.gz\",\"entries_file\":\"cache/stats/" place "_entries.json.gz\"}"

static void test_index(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    fixture_fill_example(fixture);
    publish(site, fixture, NULL, 1);
    assert_string_equal(
        content_of(site, "stats/index.json"), "{\"updated_at\":\"2026-01-03T10:00:00Z\",\"overall\":" FILES("overall/overall") ",\"overall_top\":" FILES(
                                                  "overall/overall_top") ","
                                                                         "\"classes\":[{\"id\":\"12770\","
                                                                         "\"name\":\"GT3 "
                                                                         "2025\",\"files\":" FILES(
                                                                             "classes/12770") ",\"count\":1},"
                                                                                              "{\"id\":"
                                                                                              "\"1703\","
                                                                                              "\"name\":"
                                                                                              "\"GTR "
                                                                                              "3\","
                                                                                              "\"files\""
                                                                                              ":" FILES(
                                                                                                  "classes/"
                                                                                                  "1703") ","
                                                                                                          "\""
                                                                                                          "co"
                                                                                                          "un"
                                                                                                          "t"
                                                                                                          "\""
                                                                                                          ":4"
                                                                                                          "}]"
                                                                                                          ","
                                                                                                          "\""
                                                                                                          "su"
                                                                                                          "pe"
                                                                                                          "rc"
                                                                                                          "la"
                                                                                                          "ss"
                                                                                                          "es"
                                                                                                          "\""
                                                                                                          ":["
                                                                                                          "{"
                                                                                                          "\""
                                                                                                          "id"
                                                                                                          "\""
                                                                                                          ":"
                                                                                                          "\""
                                                                                                          "gt"
                                                                                                          "3"
                                                                                                          "\""
                                                                                                          ","
                                                                                                          "\""
                                                                                                          "na"
                                                                                                          "me"
                                                                                                          "\""
                                                                                                          ":"
                                                                                                          "\""
                                                                                                          "GT"
                                                                                                          "3"
                                                                                                          "\""
                                                                                                          ","
                                                                                                          "\""
                                                                                                          "fi"
                                                                                                          "le"
                                                                                                          "s"
                                                                                                          "\""
                                                                                                          ":" FILES(
                                                                                                              "superclasses/gt3") ",\"count\":4}]}");
    site_free(site);
    fixture_free(fixture);
}

static void test_nobody(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    publish(site, fixture, NULL, 2);
    assert_string_equal(content_of(site, "stats/overall/overall_entries.json.gz"),
        "{\"scope_type\":\"overall\",\"scope_id\":\"overall\",\"scope_name\":\"Overall\",\"sort_by\":"
        "\"entries\","
        "\"count\":0,\"updated_at\":null,\"results\":[]}");
    assert_non_null(strstr(content_of(site, "stats/index.json"), "{\"updated_at\":null,"));
    assert_non_null(strstr(content_of(site, "stats/index.json"), "\"classes\":[],\"superclasses\":[]}"));
    site_free(site);
    fixture_free(fixture);
}

/* What nobody makes any more goes; what is not ours stays; and everything goes when the layout does. */
static void test_removal(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    static const char *const dead[] = {"classes/99_pole.json.gz", "superclasses/gt3_avg_bested_pole.json.gz",
        "superclasses/gt3_2_avg_bested.json.gz", "classes/.r3e-tmp-1703_pole.json.gz",
        "superclasses/_2_pole.json.gz"};
    static const char *const foreign[] = {"classes/099_pole.json.gz", "classes/99_pole.json",
        "overall/GT3_pole.json.gz", "superclasses/GT3_pole.json.gz", "notes.txt"};
    fixture_fill_example(fixture);
    publish(site, fixture, NULL, 1);
    for (unsigned i = 0; i < 10; i++) {
        char folder[80], path[128];
        assert_true(snprintf(folder, sizeof folder, "%s/cache/stats", site->folder) < (int)sizeof folder);
        unit_write_file(folder, i < 5 ? dead[i] : foreign[i - 5], "?", path);
    }
    publish(site, fixture, NULL, 1);
    assert_int_equal(site->figures.files_removed, 4); /* the temporary one went at once */
    for (unsigned i = 0; i < 10; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "stats/%s", i < 5 ? dead[i] : foreign[i - 5]);
        assert_int_equal(is_there(site, path), i >= 5);
    }
    assert_int_equal(site->figures.files_written, 0);
    open_run(site);
    assert_true(statistics_remove(&site->publication));
    close_run(site);
    assert_int_equal(site->figures.files_removed, 10 + 15 + 1);
    assert_true(is_there(site, "stats/notes.txt"));
    assert_false(is_there(site, "stats/index.json"));
    assert_false(is_there(site, "stats/classes/1703_pole.json.gz"));
    open_run(site);
    assert_true(statistics_remove(&site->publication)); /* and again: nothing to do */
    assert_int_equal(site->publication.figures.files_removed, 0);
    close_run(site);
    site_free(site);
    fixture_free(fixture);
}

static void test_folders_go_with_the_layout(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    open_run(site);
    assert_true(statistics_remove(&site->publication));
    assert_int_equal(site->publication.changes.count, 0);
    close_run(site);
    fixture_fill_example(fixture);
    publish(site, fixture, NULL, 2);
    open_run(site);
    assert_true(statistics_remove(&site->publication));
    close_run(site);
    assert_false(is_there(site, "stats"));
    site_free(site);
    fixture_free(fixture);
}

static const char *const random_names[] = {"Ann", "Bob", "Änne", "Ann ", "ann", "山", "Bobby Longname"};
static const uint32_t random_classes[] = {3, 20, 100, 1703, 5000};

/* Few names, boards and positions, so that nearly everything ties. */
static struct fixture *random_fixture(uint64_t seed)
{
    struct fixture *fixture = fixture_make(seed);
    uint32_t persons = 1 + fixture_below(fixture, 30);
    for (uint32_t i = 0; i < persons; i++) {
        const char *name = random_names[fixture_below(fixture, 7)];
        fixture_add_person(fixture, name, fixture_below(fixture, 2) ? name : "other");
    }
    for (uint32_t i = 0; i < 5; i++)
        fixture_add_class(fixture, random_classes[i], random_names[i]);
    fixture_add_superclass(fixture, "Some", (const uint32_t[]){20, 1703, 4711, 0});
    fixture_add_superclass(fixture, "some", (const uint32_t[]){20, 3, 0});
    for (uint32_t board = fixture_below(fixture, 12); board > 0; board--) {
        uint32_t order[30], count = fixture_below(fixture, persons + 1);
        for (uint32_t i = 0; i < persons; i++)
            order[i] = i;
        for (uint32_t i = persons; i > 1; i--) {
            uint32_t other = fixture_below(fixture, i), moved = order[i - 1];
            order[i - 1] = order[other];
            order[other] = moved;
        }
        fixture_add_ranking(fixture,
            fixture_below(fixture, 9) ? random_classes[fixture_below(fixture, 5)] : 4711, order, count);
    }
    return fixture;
}

/* Every file of a site, its path and its bytes, in no order. */
static uint64_t sum_of_folder(int parent_fd, const char *name, uint64_t above, char *bytes)
{
    uint64_t sum = 0;
    int fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    DIR *stream = fdopendir(fd);
    assert_non_null(stream);
    for (struct dirent *entry; (entry = readdir(stream)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        uint64_t path = crc32(crc32(0, (const Bytef *)&above, sizeof above), (const Bytef *)entry->d_name,
            (uInt)strlen(entry->d_name));
        if (entry->d_type == DT_DIR) {
            sum += sum_of_folder(fd, entry->d_name, path, bytes);
            continue;
        }
        int file = openat(fd, entry->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t length = read(file, bytes, TEXT_MAX);
        assert_true(length >= 0 && length < (ssize_t)TEXT_MAX);
        close(file);
        sum += path * UINT64_C(0x9e3779b97f4a7c15) ^ crc32(0, (const Bytef *)bytes, (uInt)length);
    }
    closedir(stream);
    return sum;
}

static uint64_t sum_of(struct site *site)
{
    char path[80];
    assert_true(snprintf(path, sizeof path, "%s/cache", site->folder) < (int)sizeof path);
    return sum_of_folder(AT_FDCWD, path, 0, site->text);
}

/* One more or one fewer on a board, or another team for somebody: with only those classes touched, the files
 * are what a full run makes. */
static void change(struct fixture *fixture, uint32_t touched[static FIXTURE_BOARDS_MAX], uint32_t *count)
{
    *count = 0;
    if (fixture_below(fixture, 3) == 0 || !fixture->row_count) {
        uint32_t person = fixture_below(fixture, fixture->source.person_count);
        (void)snprintf(fixture->persons[person].team, FIXTURE_TEXT_SIZE, "%u", fixture_below(fixture, 1000));
        for (uint32_t i = 0; i < fixture->row_count && *count < FIXTURE_BOARDS_MAX; i++) {
            if (fixture->rows[i].person == person)
                touched[(*count)++] = fixture->rows[i].row.class_id;
        }
        return;
    }
    /* All rows of one class get another number of entries, or go. */
    uint32_t class_id = fixture->rows[fixture_below(fixture, fixture->row_count)].row.class_id;
    bool gone = fixture_below(fixture, 3) == 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < fixture->row_count; i++) {
        struct fixture_row row = fixture->rows[i];
        row.row.total_entries += row.row.class_id == class_id;
        if (row.row.class_id != class_id || !gone)
            fixture->rows[kept++] = row;
    }
    fixture->row_count = kept;
    for (uint32_t i = 0; i < fixture->snapshot.board_count; i++) {
        struct snapshot_board *board = &fixture->boards[i];
        if (board->class_id != class_id)
            continue;
        board->changed_at_ms += 5000;
        board->entry_count = gone || !board->entry_count ? 0 : board->entry_count + 1;
    }
    touched[(*count)++] = class_id;
}

static void test_incremental_is_full(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3; seed++) {
        struct fixture *fixture = random_fixture(seed);
        struct site *kept = site_make();
        publish(kept, fixture, NULL, 1);
        for (unsigned step = 0; step < 5; step++) {
            uint32_t class_ids[FIXTURE_BOARDS_MAX], count;
            struct site *fresh = site_make();
            change(fixture, class_ids, &count);
            publish(kept, fixture, &(struct statistics_touched){class_ids, count}, 1 + step % 2);
            publish(fresh, fixture, NULL, 2 - step % 2);
            assert_int_equal(sum_of(kept), sum_of(fresh));
            assert_int_equal(
                kept->figures.files_unchanged + kept->figures.files_written, fresh->figures.files_written);
            site_free(fresh);
        }
        site_free(kept);
        fixture_free(fixture);
    }
}

/* What is not touched stays, even if there were something new; what is not as the last run left it is made
 * again, and nothing else. */
static void test_untouched_files_stay(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_make(1);
    struct site *site = site_make();
    const struct statistics_touched nothing = {NULL, 0};
    char folder[80], path[128];
    fixture_fill_example(fixture);
    publish(site, fixture, NULL, 1);
    uint64_t before = sum_of(site);
    publish(site, fixture, &nothing, 2);
    assert_int_equal(sum_of(site), before);
    assert_int_equal(site->figures.files_written, 0);
    assert_int_equal(site->figures.files_unchanged, 10 + 15 + 1);
    fixture_add_ranking(fixture, 1703, (const uint32_t[]){2, 3}, 2);
    publish(site, fixture, &nothing, 2);
    assert_non_null(strstr(content_of(site, "stats/overall/overall_pole.json.gz"), "\"count\":3,"));
    assert_non_null(strstr(content_of(site, "stats/classes/1703_pole.json.gz"), "\"count\":2,"));
    assert_true(snprintf(folder, sizeof folder, "%s/cache/stats", site->folder) < (int)sizeof folder);
    unit_write_file(folder, "classes/1703_pole.json.gz", "mine", path);
    assert_true(snprintf(path, sizeof path, "%s/superclasses/gt3_bested.json.gz", folder) < (int)sizeof path);
    assert_int_equal(unlink(path), 0);
    publish(site, fixture, &nothing, 2);
    assert_int_equal(site->figures.files_written, 2);
    assert_non_null(strstr(content_of(site, "stats/classes/1703_pole.json.gz"), "\"count\":3,"));
    assert_non_null(strstr(content_of(site, "stats/classes/1703_podium.json.gz"), "\"entries\":2}"));
    assert_true(is_there(site, "stats/superclasses/gt3_bested.json.gz"));
    site_free(site);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_worked_example),
        cmocka_unit_test(test_index),
        cmocka_unit_test(test_nobody),
        cmocka_unit_test(test_removal),
        cmocka_unit_test(test_folders_go_with_the_layout),
        cmocka_unit_test(test_incremental_is_full),
        cmocka_unit_test(test_untouched_files_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
