#include "exporter/roster.h"

#include <string.h>

#include "exporter/person_id.h"
#include "exporter/string_pool.h"
#include "tests/unit/unit.h"

/* Persons with one key each, in the order of persons; a list is made of all at once, or of some and the rest
 * later. */
enum { PERSONS = 60, KEYS = 12 };

static const char *const key_names[KEYS] = {"", "a", "abcdefgh", "abcdefgh", "abcdefghi", "abcdefghj",
    "abcdefghj k", "b", "maximilian", "maximilian b", "z", "\xc3\xa9"};

static struct {
    struct roster_text *texts[KEYS];
} kept;

static int keep_keys(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        size_t length = strlen(key_names[i]);
        kept.texts[i] = malloc(sizeof *kept.texts[i] + length);
        if (!kept.texts[i])
            return -1;
        kept.texts[i]->length = (uint32_t)length;
        memcpy(kept.texts[i]->bytes, key_names[i], length);
    }
    return 0;
}

static int release_keys(void **state)
{
    (void)state;
    for (int i = 0; i < KEYS; i++)
        free(kept.texts[i]);
    return 0;
}

static struct text key_of(int key)
{
    return (struct text){kept.texts[key]->bytes, kept.texts[key]->length};
}

static struct roster_draft draft_of(uint32_t person, int key)
{
    return (struct roster_draft){text_prefix(key_of(key)), kept.texts[key], person, CARD_KEY};
}

/* A list from nothing. */
static struct roster list_of(const int *keys, uint32_t count)
{
    struct roster_draft drafts[PERSONS];
    uint32_t drafted = 0;
    struct roster roster;
    const struct roster_past past = {0};
    for (uint32_t i = 0; i < count; i++) {
        if (keys[i] >= 0)
            drafts[drafted++] = draft_of(i, keys[i]);
    }
    roster_sort(drafts, drafted);
    assert_true(roster_merge(&roster, drafts, drafted, &past));
    return roster;
}

static bool read_key(void *context, const struct roster_item *item, struct text *key)
{
    const int *keys = context;
    *key = key_of(keys[item->person]);
    return true;
}

static void expect_same(const struct roster *roster, const struct roster *wanted)
{
    assert_int_equal(roster->count, wanted->count);
    for (uint32_t i = 0; i < roster->count; i++) {
        assert_int_equal(roster->items[i].person, wanted->items[i].person);
        assert_true(roster->items[i].prefix == wanted->items[i].prefix);
        assert_int_equal(roster->items[i].mark, wanted->items[i].mark);
    }
}

static void test_groups(void **state)
{
    (void)state;
    const int keys[] = {9, 4, 2, 9, 3, 5, 0, 11, 9, 4};
    struct roster roster = list_of(keys, 10);
    static const uint32_t order[] = {6, 2, 4, 1, 9, 5, 0, 3, 8, 7}, starts[] = {0, 1, 3, 5, 6, 9};
    struct roster_groups groups = {0};
    for (uint32_t i = 0; i < 10; i++)
        assert_int_equal(roster.items[i].person, order[i]);
    roster_groups_add(&groups, &roster, 0, 3);
    roster_groups_add(&groups, &roster, 3, roster.count);
    assert_int_equal(groups.count, 6);
    for (uint32_t i = 0; i < 6; i++) {
        assert_int_equal(groups.starts[i], starts[i]);
        assert_int_equal(roster_group_end(&roster, starts[i]), i < 5 ? starts[i + 1] : 10);
    }
    assert_int_equal(roster_count_below(&roster, 'a'), 1);
    assert_int_equal(roster_count_below(&roster, 'm'), 6);
    assert_int_equal(roster_count_below(&roster, 'z' + 1), 9);
    assert_int_equal(roster_count_below_two(&roster, 'a', 'b'), roster_count_below_two(&roster, 'a', 'a'));
    assert_int_equal(roster_count_below_two(&roster, 'a', 'c'), roster_count_below(&roster, 'b'));
    assert_int_equal(roster_count_below_two(&roster, 'm', 'a'), 6);
    assert_int_equal(roster_count_below_two(&roster, 'm', 'b'), 9);
    roster_groups_free(&groups);
    roster_free(&roster);
}

/* splitmix64 (Sebastiano Vigna, public domain) */
static uint32_t below(uint64_t *random, uint32_t limit)
{
    uint64_t value = *random += 0x9e3779b97f4a7c15u;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9u;
    value = (value ^ value >> 27) * 0x94d049bb133111ebu;
    return (uint32_t)((value ^ value >> 31) % limit);
}

/* One step of a history: persons come, go, get another key or stay. Old ones are those with old_keys[i] >= 0.
 */
static void merge_at_random(uint64_t random)
{
    int old_keys[PERSONS], new_keys[PERSONS], old_by_place[PERSONS], new_by_place[PERSONS];
    uint32_t old_count = 0, new_count = 0, drafted = 0;
    uint32_t new_person[PERSONS], first_not_less[PERSONS];
    struct roster_draft drafts[PERSONS];
    for (int i = 0; i < PERSONS; i++) {
        old_keys[i] = below(&random, 4) ? (int)below(&random, KEYS) : -1;
        new_keys[i] = below(&random, 3) ? old_keys[i] : below(&random, 4) ? (int)below(&random, KEYS) : -1;
        bool anew = new_keys[i] != old_keys[i] || below(&random, 5) == 0;
        if (new_keys[i] >= 0) {
            first_not_less[new_count] = old_count;
            if (anew)
                drafts[drafted++] = draft_of(new_count, new_keys[i]);
            new_by_place[new_count++] = new_keys[i];
        }
        if (old_keys[i] >= 0) {
            new_person[old_count] = new_keys[i] >= 0 && !anew ? new_count - 1 : STRING_NONE;
            old_by_place[old_count++] = old_keys[i];
        }
    }
    struct roster old = list_of(old_by_place, old_count), wanted = list_of(new_by_place, new_count), merged;
    const struct roster_past past = {&old, new_person, first_not_less, read_key, old_by_place};
    roster_sort(drafts, drafted);
    assert_true(roster_merge(&merged, drafts, drafted, &past));
    expect_same(&merged, &wanted);
    roster_free(&old);
    roster_free(&wanted);
    roster_free(&merged);
}

static void test_merging_gives_what_listing_all_would(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 3000; seed++)
        merge_at_random(seed);
}

static bool refuse(void *context, const struct roster_item *item, struct text *key)
{
    (void)context;
    (void)item;
    (void)key;
    return false;
}

static void test_a_key_that_cannot_be_read_ends_it(void **state)
{
    (void)state;
    const int keys[] = {9};
    const uint32_t new_person[] = {1}, first_not_less[] = {0, 0};
    struct roster old = list_of(keys, 1), merged;
    struct roster_draft draft = draft_of(0, 9);
    const struct roster_past past = {&old, new_person, first_not_less, refuse, NULL};
    assert_false(roster_merge(&merged, &draft, 1, &past));
    roster_free(&old);
    roster_free(&merged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_merging_gives_what_listing_all_would),
        cmocka_unit_test(test_a_key_that_cannot_be_read_ends_it),
    };
    return cmocka_run_group_tests(tests, keep_keys, release_keys);
}
