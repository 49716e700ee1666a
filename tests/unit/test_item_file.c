#include "exporter/item_file.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>

#include <zlib.h>

#include "common/file.h"
#include "common/memory.h"
#include "exporter/item_cut.h"
#include "exporter/segments.h"
#include "tests/unit/unit.h"

#define ITEMS     3000u
#define CHANGES   10
#define FILES     4u
#define BYTES_MAX ((size_t)16 * 1024 * 1024)

/* What the files are made from: numbers, each of which is an item that looks different. */
struct world {
    uint64_t random;
    uint64_t items[2 * ITEMS];
    uint64_t count;
    atomic_uint appended, opened, closed;
};

static uint32_t length_of(uint64_t number)
{
    return 40 + (uint32_t)(number >> 40) % 900;
}

static uint64_t digest(void *context, uint64_t item)
{
    return ((const struct world *)context)->items[item];
}

static uint32_t size(void *context, uint64_t item)
{
    return length_of(digest(context, item));
}

static void write_item(uint64_t number, struct buffer *out)
{
    uint64_t random = number | 1;
    buffer_format(out, "\"%016llx\":\"", (unsigned long long)number);
    for (uint32_t i = 0, length = length_of(number); i < length; i++)
        buffer_append_byte(out, (uint8_t)('a' + unit_random(&random) % 7));
    buffer_append_byte(out, '"');
}

static bool append(void *context, void *state, uint64_t item, struct buffer *out)
{
    struct world *world = context;
    assert_ptr_equal(state, world);
    atomic_fetch_add(&world->appended, 1);
    write_item(world->items[item], out);
    return true;
}

static void *open_state(void *context)
{
    struct world *world = context;
    atomic_fetch_add(&world->opened, 1);
    return world;
}

static void close_state(void *state)
{
    struct world *world = state;
    atomic_fetch_add(&world->closed, 1);
}

/* File 0 holds all items, 1 the first few, 2 none, 3 the second half. */
static uint64_t first_of(const struct world *world, uint32_t file)
{
    return file == 3 ? world->count / 2 : 0;
}

static bool describe(void *context, uint32_t file, char path[static PATH_MAX], struct item_list *list)
{
    static const char *const paths[FILES] = {"all.gz", "few.gz", "none.gz", "half.gz"};
    struct world *world = context;
    const uint64_t counts[FILES] = {world->count, 3, 0, world->count - first_of(world, 3)};
    assert_true(snprintf(path, PATH_MAX, "%s", paths[file]) < PATH_MAX);
    *list = (struct item_list){
        .context = world,
        .count = counts[file],
        .head = {"{", 1},
        .tail = {"}\n", 2},
        .digest = digest,
        .size = size,
        .append = append,
        .open = open_state,
        .close = close_state,
    };
    return true;
}

static uint64_t second_half_digest(void *context, uint64_t item)
{
    const struct world *world = context;
    return world->items[first_of(world, 3) + item];
}

static uint32_t second_half_size(void *context, uint64_t item)
{
    return length_of(second_half_digest(context, item));
}

static bool second_half_append(void *context, void *state, uint64_t item, struct buffer *out)
{
    const struct world *world = context;
    return append(context, state, first_of(world, 3) + item, out);
}

static bool describe_all(void *context, uint32_t file, char path[static PATH_MAX], struct item_list *list)
{
    describe(context, file, path, list);
    if (file == 3) {
        list->digest = second_half_digest;
        list->size = second_half_size;
        list->append = second_half_append;
    }
    return true;
}

/* ---- publishing ---- */

struct site {
    char folder[64];
    struct publication_figures figures; /* of the last run */
};

static void make_site(struct site *site)
{
    unit_make_folder(site->folder);
}

static void remove_site(struct site *site)
{
    static const char *const names[] = {
        "cache/all.gz", "cache/few.gz", "cache/none.gz", "cache/half.gz", "cache", SEGMENTS_NAME};
    char path[160];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(snprintf(path, sizeof path, "%s/%s", site->folder, names[i]) < (int)sizeof path);
        if (remove(path) != 0)
            assert_int_equal(i, 5);
    }
    unit_remove_folder(site->folder);
}

static void publish(struct site *site, struct world *world, unsigned threads, bool fresh)
{
    struct guard guard;
    struct publication publication;
    const struct item_files files = {.context = world, .count = FILES, .describe = describe_all};
    const char *path;
    guard_open(&guard, 0, 0);
    world->appended = world->opened = world->closed = 0;
    assert_true(publication_open(&publication, site->folder, &guard));
    publication.segments = segments_open(site->folder, fresh);
    assert_true(item_files_write(&publication, &files, threads, &guard));
    assert_true(publication_commit(&publication));
    assert_true(inventory_complete(&publication.inventory, publication.root_fd, 2, &path));
    assert_true(segments_save(publication.segments, &publication.inventory));
    segments_close(&publication.segments);
    site->figures = publication.figures;
    publication_close(&publication);
    guard_close(&guard);
    assert_int_equal(world->opened, world->closed);
}

static void read_published(const struct site *site, const char *name, struct buffer *out)
{
    char path[160], error[FILE_ERROR_SIZE];
    assert_true(snprintf(path, sizeof path, "%s/cache/%s", site->folder, name) < (int)sizeof path);
    buffer_clear(out);
    if (!file_read(path, out, error))
        fail_msg("%s", error);
}

/* One gzip member with nothing behind it, which holds these bytes. */
static void assert_holds(const struct buffer *packed, const struct buffer *expected)
{
    uint8_t *decoded = malloc(expected->length + 1);
    assert_non_null(decoded);
    z_stream stream = {.next_in = packed->data, .avail_in = (uInt)packed->length};
    stream.next_out = decoded;
    stream.avail_out = (uInt)expected->length + 1;
    assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
    assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
    assert_int_equal(stream.avail_in, 0);
    assert_int_equal(stream.total_out, expected->length);
    assert_memory_equal(decoded, expected->data, expected->length);
    inflateEnd(&stream);
    free(decoded);
}

static void expect_items(const struct world *world, uint64_t first, uint64_t count, struct buffer *out)
{
    buffer_clear(out);
    buffer_append_byte(out, '{');
    for (uint64_t i = 0; i < count; i++) {
        if (i)
            buffer_append_byte(out, ',');
        write_item(world->items[first + i], out);
    }
    buffer_append_string(out, "}\n");
    assert_false(out->overflowed);
}

static void assert_right(const struct site *site, const struct world *world)
{
    struct buffer packed = buffer_make(BYTES_MAX), expected = buffer_make(BYTES_MAX);
    uint64_t half = first_of(world, 3);
    read_published(site, "all.gz", &packed);
    expect_items(world, 0, world->count, &expected);
    assert_holds(&packed, &expected);
    read_published(site, "few.gz", &packed);
    expect_items(world, 0, 3, &expected);
    assert_holds(&packed, &expected);
    read_published(site, "none.gz", &packed);
    expect_items(world, 0, 0, &expected);
    assert_holds(&packed, &expected);
    read_published(site, "half.gz", &packed);
    expect_items(world, half, world->count - half, &expected);
    assert_holds(&packed, &expected);
    buffer_free(&packed);
    buffer_free(&expected);
}

static void assert_same(const struct site *left, const struct site *right)
{
    static const char *const names[] = {"all.gz", "few.gz", "none.gz", "half.gz"};
    struct buffer a = buffer_make(BYTES_MAX), b = buffer_make(BYTES_MAX);
    for (size_t i = 0; i < FILES; i++) {
        read_published(left, names[i], &a);
        read_published(right, names[i], &b);
        assert_int_equal(a.length, b.length);
        assert_memory_equal(a.data, b.data, a.length);
    }
    buffer_free(&a);
    buffer_free(&b);
}

static struct world *make_world(void)
{
    struct world *world = memory_zalloc(1, sizeof *world);
    world->random = 88172645463325252;
    world->count = ITEMS;
    for (uint64_t i = 0; i < ITEMS; i++)
        world->items[i] = unit_random(&world->random);
    return world;
}

/* Changes, adds, takes away or moves a few items in a row. */
static void change(struct world *world)
{
    uint64_t count = 1 + unit_random(&world->random) % 20;
    uint64_t at = unit_random(&world->random) % (world->count - count);
    uint64_t *items = world->items + at;
    size_t behind = (size_t)(world->count - at) * sizeof *items;
    switch (unit_random(&world->random) % 4) {
    case 0:
        for (uint64_t i = 0; i < count; i++)
            items[i] = unit_random(&world->random);
        break;
    case 1:
        memmove(items + count, items, behind);
        for (uint64_t i = 0; i < count; i++)
            items[i] = unit_random(&world->random);
        world->count += count;
        break;
    case 2:
        memmove(items, items + count, behind - count * sizeof *items);
        world->count -= count;
        break;
    default:
        for (uint64_t i = 0; i < count / 2; i++) {
            uint64_t other = items[count - 1 - i];
            items[count - 1 - i] = items[i];
            items[i] = other;
        }
    }
}

/* Some twice: where a thread begins, it makes what is in view of its first segment. */
static void assert_made_all(const struct world *world)
{
    uint64_t items = 3 + world->count + world->count - first_of(world, 3);
    assert_in_range(world->appended, items, items * 3 / 2);
}

/* ---- tests ---- */

static void test_bytes_do_not_depend_on_threads(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site one, many;
    make_site(&one);
    make_site(&many);
    publish(&one, world, 1, true);
    assert_right(&one, world);
    publish(&many, world, 7, true);
    assert_same(&one, &many);
    remove_site(&one);
    remove_site(&many);
    free(world);
}

static void test_what_is_copied_is_what_would_be_made(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site kept, fresh;
    uint32_t appended = 0, appended_fresh = 0;
    make_site(&kept);
    make_site(&fresh);
    publish(&kept, world, 2, false);
    for (int i = 0; i < CHANGES; i++) {
        change(world);
        publish(&kept, world, 2, false);
        appended += world->appended;
        publish(&fresh, world, 2, true);
        appended_fresh += world->appended;
        assert_same(&kept, &fresh);
    }
    assert_right(&kept, world);
    /* A change moves no cut but its own: of some 12 segments of `all` and 6 of `half` few are made. */
    assert_in_range(appended, 1, appended_fresh / 3);
    remove_site(&kept);
    remove_site(&fresh);
    free(world);
}

static void test_a_file_that_did_not_change_is_not_touched(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site site;
    struct stat before, after;
    char path[160];
    make_site(&site);
    publish(&site, world, 2, false);
    assert_int_equal(site.figures.files_written, FILES);
    assert_true(snprintf(path, sizeof path, "%s/cache/all.gz", site.folder) < (int)sizeof path);
    assert_int_equal(stat(path, &before), 0);
    publish(&site, world, 2, false);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_int_equal(world->appended, 0);
    assert_int_equal(site.figures.files_unchanged, FILES);
    /* Without the table it is made, compared, and not touched either. */
    publish(&site, world, 2, true);
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    assert_made_all(world);
    assert_int_equal(site.figures.files_unchanged, FILES);
    remove_site(&site);
    free(world);
}

static void overwrite(const struct site *site, const char *name, off_t at, const char *bytes)
{
    char path[160];
    assert_true(snprintf(path, sizeof path, "%s/%s", site->folder, name) < (int)sizeof path);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, strlen(bytes), at), (ssize_t)strlen(bytes));
    close(fd);
}

static void test_what_somebody_changed_is_not_copied(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site site, fresh;
    char path[160];
    make_site(&site);
    make_site(&fresh);
    publish(&fresh, world, 2, true);
    publish(&site, world, 2, false);
    overwrite(&site, "cache/all.gz", 100000, "broken");
    publish(&site, world, 2, false);
    assert_same(&site, &fresh);
    assert_in_range(world->appended, 1, ITEMS / 2);

    assert_true(snprintf(path, sizeof path, "%s/cache/all.gz", site.folder) < (int)sizeof path);
    assert_int_equal(truncate(path, 150000), 0);
    publish(&site, world, 2, false);
    assert_same(&site, &fresh);

    /* Another file in its place, which is as long as the table says. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0644), 0);
    publish(&site, world, 2, false);
    assert_same(&site, &fresh);
    remove_site(&site);
    remove_site(&fresh);
    free(world);
}

static void test_a_table_that_is_broken_does_not_count(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site site, fresh;
    make_site(&site);
    make_site(&fresh);
    publish(&fresh, world, 2, true);
    publish(&site, world, 2, false);
    change(world);
    overwrite(&site, SEGMENTS_NAME, 60, "X");
    publish(&site, world, 2, false);
    assert_made_all(world);
    publish(&fresh, world, 2, true);
    assert_same(&site, &fresh);

    /* The table of another folder. */
    char here[160], there[160];
    assert_true(snprintf(here, sizeof here, "%s/%s", fresh.folder, SEGMENTS_NAME) < (int)sizeof here);
    assert_true(snprintf(there, sizeof there, "%s/%s", site.folder, SEGMENTS_NAME) < (int)sizeof there);
    change(world);
    publish(&site, world, 2, false);
    change(world);
    publish(&fresh, world, 2, true);
    assert_int_equal(rename(here, there), 0);
    publish(&site, world, 2, false);
    assert_same(&site, &fresh);
    remove_site(&site);
    remove_site(&fresh);
    free(world);
}

static void test_what_stops_the_run_stops_every_thread(void **state)
{
    (void)state;
    struct world *world = make_world();
    struct site site;
    struct guard guard;
    struct publication publication;
    const struct item_files files = {.context = world, .count = FILES, .describe = describe_all};
    make_site(&site);
    publish(&site, world, 2, true);
    guard_open(&guard, 0, 0);
    assert_true(publication_open(&publication, site.folder, &guard));
    guard_fail(&guard, "enough");
    assert_false(item_files_write(&publication, &files, 3, &guard));
    publication_discard(&publication);
    publication_close(&publication);
    guard_close(&guard);
    assert_right(&site, world);
    remove_site(&site);
    free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_do_not_depend_on_threads),
        cmocka_unit_test(test_what_is_copied_is_what_would_be_made),
        cmocka_unit_test(test_a_file_that_did_not_change_is_not_touched),
        cmocka_unit_test(test_what_somebody_changed_is_not_copied),
        cmocka_unit_test(test_a_table_that_is_broken_does_not_count),
        cmocka_unit_test(test_what_stops_the_run_stops_every_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
