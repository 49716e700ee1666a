#include "exporter/bundle.h"

#include <string.h>

#include "exporter/card.h"
#include "exporter/person_card.h"
#include "exporter/person_id.h"
#include "tests/unit/unit.h"

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void expect(struct text text, const char *wanted)
{
    assert_int_equal(text.length, strlen(wanted));
    assert_memory_equal(text.data, wanted, text.length);
}

struct sample {
    uint32_t track_id, class_id, position;
    const char *name, *date, *team, *country, *avatar;
};

static const struct sample samples[] = {
    {1, 2, 3, "Æ \"quoted\"", "2020", "Team A", "Germany", ""},
    {1, 2, 1, "Æ \"quoted\"", "2021", "PRIVATEER", "", "https://example.org/1.png"},
    {1, UINT32_MAX, 9, "Ann", "2021", "Team B", "", ""},
    {7, 1, 1000000000, "ann", "20", "", "France", "x\\y"},
};

enum { COUNT = sizeof samples / sizeof *samples };

static void fill(struct bundle *bundle)
{
    bundle_clear(bundle);
    for (size_t i = 0; i < COUNT; i++) {
        struct bundle_row *row = bundle_add_row(bundle);
        row->track_id = samples[i].track_id;
        row->class_id = samples[i].class_id;
        row->position = samples[i].position;
        row->total_entries = 20;
        row->place = (uint32_t)i;
        row->time_diff_us = (uint64_t)1 << (20 * i);
        row->texts[BUNDLE_NAME] = bundle_add_text(bundle, text_of(samples[i].name));
        row->texts[BUNDLE_AVATAR] = bundle_add_text(bundle, text_of(samples[i].avatar));
        row->texts[BOARD_TEAM] = bundle_add_text(bundle, text_of(samples[i].team));
        row->texts[BOARD_COUNTRY] = bundle_add_text(bundle, text_of(samples[i].country));
        row->laptime = bundle_text_of(text_of("1m 46.000s"));
        row->date_time = bundle_text_of(text_of(samples[i].date));
    }
}

/* What a test makes and reads again. */
struct made {
    struct bundle bundle, again;
    struct card card, card_again;
    struct arena arena;
    struct person_keys keys;
    struct buffer bytes, card_bytes, scratch;
};

static void make(struct made *made)
{
    *made = (struct made){
        .bundle = bundle_make(),
        .again = bundle_make(),
        .arena = arena_make(SIZE_MAX),
        .keys = person_keys_make(),
        .bytes = buffer_make(1 << 20),
        .card_bytes = buffer_make(1 << 20),
        .scratch = buffer_make(1 << 20),
    };
    fill(&made->bundle);
    assert_true(person_card_fill(&made->card, &made->bundle, text_of("71"), &made->keys, &made->arena));
    bundle_pack(&made->bundle, &made->bytes);
    card_pack(&made->card, &made->scratch, &made->card_bytes);
}

static void unmake(struct made *made)
{
    bundle_free(&made->bundle);
    bundle_free(&made->again);
    arena_free(&made->arena);
    person_keys_free(&made->keys);
    buffer_free(&made->bytes);
    buffer_free(&made->card_bytes);
    buffer_free(&made->scratch);
}

/* From the newest row that has a value, the first of equal ones; Privateer is a team to show and none to
 * count for. */
static void test_card(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    expect(card_raw(&made.card, CARD_NAME), "Æ \"quoted\"");
    expect(card_raw(&made.card, CARD_TEAM), "PRIVATEER");
    expect(card_raw(&made.card, CARD_OWN_TEAM), "Team B");
    expect(card_raw(&made.card, CARD_COUNTRY), "Germany");
    expect(card_raw(&made.card, CARD_AVATAR), "https://example.org/1.png");
    expect(card_raw(&made.card, CARD_RANK), "");
    expect(card_raw(&made.card, CARD_PATH_ID), "71");
    expect(card_raw(&made.card, CARD_SHOWN), "æ \"quoted\"");
    expect(card_raw(&made.card, CARD_KEY), "a \"quoted\"");
    expect(card_raw(&made.card, CARD_SECOND_KEY), "ae \"quoted\"");
    assert_true(made.card.has_second_key);
    unmake(&made);
}

static void test_aliases(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    assert_int_equal(made.bundle.alias_count, 2);
    expect(bundle_raw(&made.bundle, made.bundle.aliases[0]), "æ \"quoted\"");
    expect(bundle_raw(&made.bundle, made.bundle.aliases[1]), "ann");
    for (uint32_t i = 0; i < COUNT; i++)
        assert_int_equal(made.bundle.rows[i].alias, i >= 2);
    unmake(&made);
}

static void test_read_again(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    assert_true(bundle_read(&made.again, made.bytes.data, made.bytes.length));
    assert_true(card_read(&made.card_again, made.card_bytes.data, made.card_bytes.length));
    assert_int_equal(made.again.row_count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        const struct bundle_row *row = &made.again.rows[i], *wanted = &made.bundle.rows[i];
        assert_int_equal(row->track_id, wanted->track_id);
        assert_int_equal(row->class_id, wanted->class_id);
        assert_int_equal(row->position, wanted->position);
        assert_int_equal(row->place, wanted->place);
        assert_true(row->time_diff_us == wanted->time_diff_us);
        expect(bundle_raw(&made.again, row->texts[BUNDLE_NAME]), samples[i].name);
        expect(bundle_raw(&made.again, row->texts[BUNDLE_AVATAR]), samples[i].avatar);
        assert_int_equal(row->date_time.length, strlen(samples[i].date));
    }
    expect(bundle_json(&made.again.texts[made.again.rows[0].texts[BUNDLE_NAME]]), "Æ \\\"quoted\\\"");
    expect(bundle_json(&made.again.texts[made.again.rows[3].texts[BUNDLE_AVATAR]]), "x\\\\y");
    for (enum card_field field = 0; field < CARD_FIELDS; field++)
        assert_int_equal(text_compare(card_raw(&made.card_again, field), card_raw(&made.card, field)), 0);
    expect(card_json(&made.card_again, CARD_SECOND_KEY), "ae \\\"quoted\\\"");
    unmake(&made);
}

/* What was made before leaves no trace. */
static void test_same_rows_same_bytes(void **state)
{
    (void)state;
    struct made made;
    struct buffer again = buffer_make(1 << 20);
    char text[16];
    make(&made);
    for (int i = 0; i < 1000; i++) {
        assert_true(snprintf(text, sizeof text, "text %d", i) > 0);
        const char *copy = arena_copy(&made.arena, text, strlen(text));
        bundle_add_alias(&made.bundle, bundle_add_text(&made.bundle, text_of(copy)), 0);
    }
    fill(&made.bundle);
    assert_true(person_card_fill(&made.card, &made.bundle, text_of("71"), &made.keys, &made.arena));
    bundle_pack(&made.bundle, &again);
    assert_int_equal(again.length, made.bytes.length);
    assert_memory_equal(again.data, made.bytes.data, again.length);
    buffer_free(&again);
    unmake(&made);
}

/* Cut anywhere, or with any bit turned, it is read within its bounds: what comes out names only texts that
 * are there. */
static void test_damage(void **state)
{
    (void)state;
    struct made made;
    make(&made);
    for (size_t length = 0; length < made.bytes.length; length++) {
        uint8_t *cut = malloc(length ? length : 1);
        assert_non_null(cut);
        memcpy(cut, made.bytes.data, length);
        assert_false(bundle_read(&made.again, cut, length));
        free(cut);
    }
    for (size_t bit = 0; bit < made.bytes.length * 8; bit++) {
        made.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (bundle_read(&made.again, made.bytes.data, made.bytes.length)) {
            for (uint32_t i = 0; i < made.again.row_count; i++) {
                assert_true(made.again.rows[i].alias < made.again.alias_count);
                for (int column = 0; column < BUNDLE_COLUMNS; column++)
                    assert_true(made.again.rows[i].texts[column] < made.again.text_count);
            }
        }
        made.bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t length = 0; length < made.card_bytes.length; length++)
        assert_false(card_read(&made.card_again, made.card_bytes.data, length));
    for (size_t bit = 0; bit < made.card_bytes.length * 8; bit++) {
        made.card_bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        card_read(&made.card_again, made.card_bytes.data, made.card_bytes.length);
        made.card_bytes.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    unmake(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_card),
        cmocka_unit_test(test_aliases),
        cmocka_unit_test(test_read_again),
        cmocka_unit_test(test_same_rows_same_bytes),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
