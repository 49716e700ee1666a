#include "exporter/manifest.h"

#include <string.h>
#include <sys/stat.h>

#include "tests/unit/unit.h"

static struct manifest make(void)
{
    static const char *const paths[] = {"driver_index.json.gz", "track_7", "tracks/track_7/class_1.json.gz",
        "tracks/track_7/class_12.json.gz", "tracks/track_70/class_1.json.gz", "tracks/é/\xff"};
    struct manifest manifest = {.inventory = inventory_make()};
    uint64_t figure = UINT64_MAX;
    for (size_t i = 0; i < sizeof manifest.basis; i++)
        manifest.basis[i] = (uint8_t)(i * 17);
#define X(name) &manifest.figures.name,
    uint64_t *const figures[] = {REPORT_FIGURES(X)};
#undef X
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        *figures[i] = figure /= 3;
    manifest.inventory.root_names = 0x0123456789abcdef;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct stat status = {.st_ino = i + 1, .st_size = (off_t)i * 1000, .st_mode = S_IFREG | 0644};
        inventory_add(&manifest.inventory, paths[i], &status, false);
    }
    return manifest;
}

static void test_what_is_written_is_read(void **state)
{
    (void)state;
    struct manifest manifest = make(), again;
    struct buffer bytes = buffer_make(100000);
    manifest_encode(&manifest, &bytes);
    assert_true(manifest_decode(&again, bytes.data, bytes.length));
    assert_memory_equal(again.basis, manifest.basis, sizeof again.basis);
    assert_memory_equal(&again.figures, &manifest.figures, sizeof again.figures);
    assert_int_equal(again.inventory.root_names, manifest.inventory.root_names);
    assert_int_equal(again.inventory.count, manifest.inventory.count);
    for (uint32_t i = 0; i < again.inventory.count; i++) {
        const struct inventory_item *left = &again.inventory.items[i], *right = &manifest.inventory.items[i];
        assert_string_equal(left->path, right->path);
        assert_int_equal(left->name_at, right->name_at);
        assert_int_equal(left->mark, right->mark);
    }
    manifest_free(&again);
    manifest_free(&manifest);
    buffer_free(&bytes);
}

static void assert_refused(const uint8_t *bytes, size_t length)
{
    struct manifest manifest;
    /* A copy of exactly that size: what is read beyond it, the sanitizer sees. */
    uint8_t *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    assert_false(manifest_decode(&manifest, copy, length));
    manifest_free(&manifest);
    free(copy);
}

static void test_every_cut_and_every_flipped_bit_is_refused(void **state)
{
    (void)state;
    struct manifest manifest = make();
    struct buffer bytes = buffer_make(100000);
    manifest_encode(&manifest, &bytes);
    for (size_t length = 0; length < bytes.length; length++)
        assert_refused(bytes.data, length);
    for (size_t bit = 0; bit < bytes.length * 8; bit++) {
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_refused(bytes.data, bytes.length);
        bytes.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    assert_true(buffer_append_byte(&bytes, 0));
    assert_refused(bytes.data, bytes.length);
    manifest_free(&manifest);
    buffer_free(&bytes);
}

/* The inventory of one whose checksum is right, by its items: number of bytes shared with the path before,
 * and the rest. */
static bool readable(uint32_t count, const uint64_t *shared, const char *const *rest)
{
    struct buffer bytes = buffer_make(100000);
    msgpack_packer packer = pack_writer_make(&bytes);
    pack_write_uint(&packer, 0);
    pack_write_array(&packer, count * 3);
    for (uint32_t i = 0; i < count; i++) {
        pack_write_uint(&packer, shared[i]);
        pack_write_text(&packer, (struct text){rest[i], (uint32_t)strlen(rest[i])});
        pack_write_uint(&packer, i);
    }
    struct pack_reader pack = pack_reader_make(bytes.data, bytes.length);
    struct inventory inventory = inventory_make();
    inventory_read(&inventory, &pack);
    bool ok = pack_reader_finished(&pack);
    inventory_free(&inventory);
    buffer_free(&bytes);
    return ok;
}

static void test_paths_that_nobody_wrote_are_refused(void **state)
{
    (void)state;
    assert_true(readable(3, (uint64_t[]){0, 1, 2}, (const char *[]){"a", "b", "c"}));
    assert_true(readable(2, (uint64_t[]){0, 1}, (const char *[]){"ab", "c"}));
    assert_false(readable(2, (uint64_t[]){0, 2}, (const char *[]){"a", "b"})); /* shares more than there is */
    assert_false(readable(2, (uint64_t[]){0, 0}, (const char *[]){"b", "a"})); /* out of order */
    assert_false(readable(2, (uint64_t[]){0, 0}, (const char *[]){"a", "a"})); /* twice */
    assert_false(readable(2, (uint64_t[]){0, 1}, (const char *[]){"a", ""}));  /* twice */
    assert_false(readable(1, (uint64_t[]){0}, (const char *[]){"/etc/passwd"})); /* not below the root */
    assert_false(readable(1, (uint64_t[]){UINT64_MAX}, (const char *[]){"a"}));
    char long_path[5000];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = 0;
    assert_false(readable(1, (uint64_t[]){0}, (const char *[]){long_path}));
    long_path[4000] = 0;
    assert_false(readable(2, (uint64_t[]){0, 4000}, (const char *[]){long_path, long_path}));
}

static void test_the_basis_follows_what_it_is_made_of(void **state)
{
    (void)state;
    static const uint8_t content[SNAPSHOT_CONTENT_SIZE] = "0123456789abcde",
                         other[SNAPSHOT_CONTENT_SIZE] = "0123456789abcdf";
    uint8_t first[MANIFEST_BASIS_SIZE], second[MANIFEST_BASIS_SIZE];
    manifest_basis(content, 1, first);
    manifest_basis(content, 1, second);
    assert_memory_equal(first, second, sizeof first);
    manifest_basis(content, 3, second);
    assert_memory_not_equal(first, second, sizeof first);
    manifest_basis(other, 1, second);
    assert_memory_not_equal(first, second, sizeof first);
}

static void test_the_file(void **state)
{
    (void)state;
    char folder[64], path[128], stray[128];
    struct manifest manifest = make(), again;
    unit_make_folder(folder);
    assert_false(manifest_load(&again, folder));
    manifest_free(&again);
    unit_write_file(folder, ".export.manifest.0123456789abcdef.tmp", "half", stray);
    assert_true(manifest_save(&manifest, folder));
    assert_int_equal(access(stray, F_OK), -1);
    assert_true(manifest_load(&again, folder));
    assert_int_equal(again.inventory.count, manifest.inventory.count);
    manifest_free(&again);
    unit_write_file(folder, MANIFEST_NAME, "no manifest", path);
    assert_false(manifest_load(&again, folder));
    manifest_free(&again);
    manifest_remove(folder);
    manifest_remove(folder);
    unit_remove_folder(folder);
    assert_false(manifest_save(&manifest, folder));
    manifest_free(&manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_written_is_read),
        cmocka_unit_test(test_every_cut_and_every_flipped_bit_is_refused),
        cmocka_unit_test(test_paths_that_nobody_wrote_are_refused),
        cmocka_unit_test(test_the_basis_follows_what_it_is_made_of),
        cmocka_unit_test(test_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
