#include "common/catalogue.h"

#include <string.h>

#include "tests/unit/unit.h"

static struct catalogue example(void)
{
    struct catalogue catalogue = catalogue_make();
    uint32_t place = 0;
    assert_null(catalogue_add_item(&catalogue, &catalogue.tracks, 1850, "Brands \"Hatch\" \\ Indy", 21));
    assert_null(catalogue_add_item(&catalogue, &catalogue.tracks, 1671, "Monza Circuit - Grand Prix", 26));
    assert_null(catalogue_add_item(&catalogue, &catalogue.classes, 2147483647, "N\xc3\xbcrburgring", 12));
    assert_null(catalogue_add_item(&catalogue, &catalogue.classes, 1703, "GTR 3", 5));
    assert_null(catalogue_add_superclass(&catalogue, "Z", 1, &place));
    assert_null(catalogue_add_member(&catalogue, place, 5));
    assert_null(catalogue_add_superclass(&catalogue, "GT3", 3, &place));
    assert_null(catalogue_add_member(&catalogue, place, 2922));
    assert_null(catalogue_add_member(&catalogue, place, 1703));
    assert_null(catalogue_add_superclass(&catalogue, "empty", 5, &place));
    return catalogue;
}

static void assert_same(const struct catalogue *a, const struct catalogue *b)
{
    struct buffer left = buffer_make(CATALOGUE_FILE_MAX);
    struct buffer right = buffer_make(CATALOGUE_FILE_MAX);
    catalogue_write(a, &left);
    catalogue_write(b, &right);
    assert_string_equal(buffer_string(&left), buffer_string(&right));
    buffer_free(&left);
    buffer_free(&right);
}

static void test_order_and_search(void **state)
{
    (void)state;
    struct catalogue catalogue = example();
    assert_int_equal(catalogue.tracks.items[0].id, 1671);
    assert_string_equal(catalogue_find_track(&catalogue, 1671)->name, "Monza Circuit - Grand Prix");
    assert_string_equal(catalogue_find_class(&catalogue, 2147483647)->name, "N\xc3\xbcrburgring");
    assert_null(catalogue_find_track(&catalogue, 1703));
    assert_null(catalogue_find_class(&catalogue, 0));
    assert_string_equal(catalogue.superclasses[0].name, "GT3");
    assert_int_equal(catalogue.superclasses[0].class_ids[0], 1703);
    assert_int_equal(catalogue.member_count, 3);
    catalogue_free(&catalogue);
}

static void test_search_finds_every_item(void **state)
{
    (void)state;
    struct catalogue catalogue = catalogue_make();
    for (uint32_t i = 0; i < CATALOGUE_ITEMS_MAX; i++) /* 7 and 5000 have no common factor */
        assert_null(catalogue_add_item(&catalogue, &catalogue.tracks, 3 * (i * 7 % 5000) + 1, "x", 1));
    assert_non_null(catalogue_add_item(&catalogue, &catalogue.tracks, 2, "x", 1));
    for (uint32_t i = 0; i < CATALOGUE_ITEMS_MAX; i++) {
        assert_int_equal(catalogue_find_track(&catalogue, 3 * i + 1)->id, 3 * i + 1);
        assert_null(catalogue_find_track(&catalogue, 3 * i + 2));
    }
    catalogue_free(&catalogue);
}

static void test_refusals(void **state)
{
    (void)state;
    struct catalogue catalogue = example();
    uint32_t place = 0;
    char longest[CATALOGUE_NAME_MAX + 1];
    memset(longest, 'x', sizeof(longest));
    struct catalogue_items *tracks = &catalogue.tracks;
    assert_non_null(catalogue_add_item(&catalogue, tracks, 0, "x", 1));
    assert_non_null(catalogue_add_item(&catalogue, tracks, -1, "x", 1));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 2147483648, "x", 1));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1671, "x", 1));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1, "", 0));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1, "\xff", 1));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1, "a\nb", 3));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1, "a\xc2\x9b", 3));
    assert_non_null(catalogue_add_item(&catalogue, tracks, 1, longest, CATALOGUE_NAME_MAX + 1));
    assert_non_null(catalogue_add_superclass(&catalogue, "GT3", 3, &place));
    assert_non_null(catalogue_add_member(&catalogue, 0, 1703));
    assert_int_equal(catalogue.tracks.count, 2);
    assert_null(catalogue_add_item(&catalogue, tracks, 1, longest, CATALOGUE_NAME_MAX));
    catalogue_free(&catalogue);
}

static void test_encode_decode(void **state)
{
    (void)state;
    struct catalogue catalogue = example();
    struct catalogue decoded;
    struct buffer encoded = buffer_make(CATALOGUE_ENCODED_MAX);
    const char *problem = NULL;
    catalogue_encode(&catalogue, &encoded);
    assert_true(catalogue_decode(encoded.data, encoded.length, &decoded, &problem));
    assert_same(&catalogue, &decoded);
    catalogue_free(&decoded);

    /* Cut anywhere, and with something behind it. */
    for (size_t length = 0; length < encoded.length; length++) {
        assert_false(catalogue_decode(encoded.data, length, &decoded, &problem));
        assert_non_null(problem);
        catalogue_free(&decoded);
    }
    buffer_append_byte(&encoded, 0);
    assert_false(catalogue_decode(encoded.data, encoded.length, &decoded, &problem));
    catalogue_free(&decoded);
    encoded.length--;

    /* Any byte changed to anything: refused or a valid catalogue, never a bad access. */
    for (size_t i = 0; i < encoded.length; i++) {
        uint8_t kept = encoded.data[i];
        for (unsigned value = 0; value < 256; value++) {
            encoded.data[i] = (uint8_t)value;
            if (!catalogue_decode(encoded.data, encoded.length, &decoded, &problem))
                assert_non_null(problem);
            catalogue_free(&decoded);
        }
        encoded.data[i] = kept;
    }
    buffer_free(&encoded);
    catalogue_free(&catalogue);
}

static void test_largest_fits(void **state)
{
    (void)state;
    struct catalogue catalogue = catalogue_make();
    char name[CATALOGUE_NAME_MAX];
    memset(name, '"', sizeof(name));
    for (uint32_t i = 1; i <= CATALOGUE_ITEMS_MAX; i++) {
        assert_null(catalogue_add_item(&catalogue, &catalogue.tracks, 2147483647 - i, name, sizeof(name)));
        assert_null(catalogue_add_item(&catalogue, &catalogue.classes, 2147483647 - i, name, sizeof(name)));
    }
    for (uint32_t i = 0; i < CATALOGUE_SUPERCLASSES_MAX; i++) {
        uint32_t place = 0;
        name[0] = (char)('a' + i % 26);
        name[1] = (char)('a' + i / 26);
        assert_null(catalogue_add_superclass(&catalogue, name, sizeof(name), &place));
    }
    struct buffer file = buffer_make(CATALOGUE_FILE_MAX);
    struct buffer encoded = buffer_make(CATALOGUE_ENCODED_MAX);
    catalogue_write(&catalogue, &file);
    catalogue_encode(&catalogue, &encoded);
    assert_false(file.overflowed);
    assert_false(encoded.overflowed);
    buffer_free(&file);
    buffer_free(&encoded);
    catalogue_free(&catalogue);
}

static void load_text(const char *text, const char *expected)
{
    char folder[64];
    char path[128];
    unit_make_folder(folder);
    unit_write_file(folder, "c.cfg", text, path);
    struct catalogue catalogue;
    struct config_problems problems = config_problems_make();
    bool loaded = catalogue_load(&catalogue, path, &problems);
    const char *found = buffer_string(&problems.text);
    if (!expected && !loaded)
        fail_msg("unexpected problems: %s", found);
    if (expected && (loaded || !strstr(found, expected) || !strstr(found, "/c.cfg:")))
        fail_msg("expected \"%s\", got \"%s\"", expected, found);
    config_problems_free(&problems);
    catalogue_free(&catalogue);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

#define TRACKS  "tracks = ( { id = 1; name = \"a\"; } );"
#define CLASSES "classes = ( { id = 1; name = \"a\"; } );"

static void test_files(void **state)
{
    (void)state;
    load_text(TRACKS CLASSES, NULL);
    load_text(TRACKS CLASSES "superclasses = ( { name = \"x\"; classes = []; } );", NULL);
    load_text(TRACKS CLASSES "superclasses = ( { name = \"x\"; classes = (1, 2); } );", NULL);
    load_text("", "tracks: missing or empty");
    load_text(TRACKS, "classes: missing or empty");
    load_text("tracks = 5;" CLASSES, ":1: tracks: is an integer");
    load_text("track = ();" TRACKS CLASSES, ":1: track: unknown key");
    load_text("tracks = ( 5 );" CLASSES, "tracks[0]: is an integer");
    load_text("tracks = (\n{ id = \"1\"; name = \"a\"; } );" CLASSES, ":2: tracks[0]: id is not");
    load_text("tracks = (\n{ id = 1; name = 2; } );" CLASSES, ":2: tracks[0]: name is not");
    load_text("tracks = (\n{ id = 1; } );" CLASSES, ":2: tracks[0].name: missing");
    load_text("tracks = ( { id = 1; name = \"a\"; length = 2; } );" CLASSES, "tracks[0].length: unknown key");
    load_text("tracks = ( { id = 0; name = \"a\"; } );" CLASSES, "out of range");
    load_text("tracks = ( { id = 4294967297; name = \"a\"; } );" CLASSES, "is too large");
    load_text("tracks = ( { id = 0x100000001; name = \"a\"; } );" CLASSES, "not a decimal integer");
    load_text("tracks = ( { id = 1; name = \"a\"; },\n { id = 1; name = \"b\"; } );" CLASSES,
        ":2: tracks[1]: 1 \"b\"");
    load_text("tracks = ( { id = 1; name = \"\"; } );" CLASSES, "empty name");
    load_text(
        TRACKS CLASSES "superclasses = ( { name = \"x\"; classes = [1, 1]; } );", "classes[1]: is an id");
    load_text(TRACKS CLASSES "superclasses = ( { name = \"x\"; classes = 3; } );", "is not a list");
    load_text(TRACKS CLASSES "superclasses = ( { name = \"x\"; classes = [\"a\"]; } );", "decimal integer");
    load_text(TRACKS "classes = ( {", "syntax error");
    load_text("@include \"/etc/passwd\"\n", "@include is not supported");
}

static void test_file_round_trip(void **state)
{
    (void)state;
    char folder[64];
    char path[128];
    struct catalogue catalogue = example();
    struct catalogue loaded;
    struct buffer content = buffer_make(CATALOGUE_FILE_MAX);
    struct config_problems problems = config_problems_make();
    catalogue_write(&catalogue, &content);
    unit_make_folder(folder);
    unit_write_file(folder, "c.cfg", buffer_string(&content), path);
    assert_true(catalogue_load(&loaded, path, &problems));
    assert_same(&catalogue, &loaded);
    config_problems_free(&problems);
    catalogue_free(&catalogue);
    catalogue_free(&loaded);
    buffer_free(&content);
    assert_int_equal(unlink(path), 0);
    unit_remove_folder(folder);
}

static void test_shipped_catalogue(void **state)
{
    (void)state;
    const char *source = getenv("R3E_SOURCE");
    if (!source)
        skip();
    char path[4096];
    assert_true(snprintf(path, sizeof(path), "%s/deploy/catalogue.cfg", source) > 0);
    struct catalogue catalogue;
    struct config_problems problems = config_problems_make();
    assert_true(catalogue_load(&catalogue, path, &problems));
    assert_int_equal(catalogue.tracks.count, 186);
    assert_int_equal(catalogue.classes.count, 104);
    assert_int_equal(catalogue.superclass_count, 8);
    assert_string_equal(catalogue_find_track(&catalogue, 1671)->name, "Monza Circuit - Grand Prix");
    assert_string_equal(catalogue_find_class(&catalogue, 1703)->name, "GTR 3");
    for (uint32_t i = 0; i < catalogue.superclass_count; i++) {
        for (uint32_t j = 0; j < catalogue.superclasses[i].class_count; j++)
            assert_non_null(catalogue_find_class(&catalogue, catalogue.superclasses[i].class_ids[j]));
    }
    config_problems_free(&problems);
    catalogue_free(&catalogue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_search),
        cmocka_unit_test(test_search_finds_every_item),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_encode_decode),
        cmocka_unit_test(test_largest_fits),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_file_round_trip),
        cmocka_unit_test(test_shipped_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
