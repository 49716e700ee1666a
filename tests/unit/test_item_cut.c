#include "exporter/item_cut.h"

#include <string.h>

#include "common/memory.h"
#include "tests/unit/unit.h"

#define ITEMS 20000u
#define BYTES 350u /* of an item, on average */

struct items {
    uint64_t digests[2 * ITEMS];
    uint32_t equal_size; /* 0: sizes differ */
};

static uint64_t digest(void *context, uint64_t item)
{
    return ((const struct items *)context)->digests[item];
}

static uint32_t size(void *context, uint64_t item)
{
    const struct items *items = context;
    return items->equal_size ? items->equal_size : (uint32_t)(items->digests[item] >> 32) % (2 * BYTES);
}

static struct item_list list_of(struct items *items, uint64_t count)
{
    return (struct item_list){
        .context = items, .count = count, .head = {"[", 1}, .tail = {"]", 1}, .digest = digest, .size = size};
}

static struct items *make_items(void)
{
    struct items *items = memory_zalloc(1, sizeof *items);
    uint64_t random = 88172645463325252;
    for (uint32_t i = 0; i < 2 * ITEMS; i++)
        items->digests[i] = unit_random(&random);
    return items;
}

static uint64_t bytes_of(struct items *items, const struct item_segment *segment)
{
    uint64_t bytes = 0;
    for (uint64_t i = segment->first; i < segment->end; i++)
        bytes += size(items, i);
    return bytes;
}

static void assert_gapless(const struct item_cuts *cuts, uint64_t count)
{
    assert_int_equal(cuts->segments[0].first, 0);
    for (uint32_t i = 1; i < cuts->count; i++)
        assert_int_equal(cuts->segments[i].first, cuts->segments[i - 1].end);
    assert_int_equal(cuts->segments[cuts->count - 1].end, count);
}

static void test_sizes(void **state)
{
    (void)state;
    struct items *items = make_items();
    const struct item_list list = list_of(items, ITEMS);
    struct item_cuts cuts = item_cut(&list);
    assert_gapless(&cuts, ITEMS);
    uint64_t whole = 0;
    for (uint32_t i = 0; i < cuts.count; i++) {
        uint64_t bytes = bytes_of(items, &cuts.segments[i]);
        assert_in_range(bytes, ITEM_CUT_WINDOW, ITEM_CUT_MAX);
        whole += bytes;
    }
    uint64_t usual = (uint64_t)cuts.count * ITEM_CUT_WINDOW;
    assert_in_range(whole, usual * 3 / 2, usual * 5 / 2);
    item_cuts_free(&cuts);
    free(items);
}

/* How many segments of `right` are in `left` too. */
static uint32_t common(const struct item_cuts *left, const struct item_cuts *right)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < right->count; i++) {
        uint32_t other = 0;
        while (other < left->count &&
               memcmp(left->segments[other].digest, right->segments[i].digest, ITEM_DIGEST_SIZE) != 0)
            other++;
        count += other < left->count;
    }
    return count;
}

static void test_a_change_leaves_other_segments_alone(void **state)
{
    (void)state;
    struct items *items = make_items();
    uint64_t random = 1234567;
    struct item_list list = list_of(items, ITEMS);
    struct item_cuts before = item_cut(&list);
    for (int i = 0; i < 200; i++) {
        uint64_t at = unit_random(&random) % list.count;
        if (i % 3 == 0) {
            items->digests[at] = unit_random(&random);
        } else if (i % 3 == 1) {
            memmove(items->digests + at + 1, items->digests + at, (list.count - at) * sizeof *items->digests);
            items->digests[at] = unit_random(&random);
            list.count++;
        } else {
            list.count--;
            memmove(items->digests + at, items->digests + at + 1, (list.count - at) * sizeof *items->digests);
        }
        struct item_cuts after = item_cut(&list);
        assert_gapless(&after, list.count);
        /* The item's own segment and the one that is compressed in view of it; if a cut came or went, what
         * was on its other side, too. */
        assert_in_range(after.count - common(&before, &after), 1, 4);
        item_cuts_free(&before);
        before = after;
    }
    item_cuts_free(&before);
    free(items);
}

static void test_digests_tell_segments_apart(void **state)
{
    (void)state;
    struct items *items = make_items();
    struct item_list list = list_of(items, 3);
    struct item_cuts first = item_cut(&list), second;
    assert_int_equal(first.count, 1);
    second = item_cut(&list);
    assert_int_equal(common(&first, &second), 1);
    item_cuts_free(&second);
    /* The same items between other brackets. */
    list.head = (struct text){"{", 1};
    second = item_cut(&list);
    assert_int_equal(common(&first, &second), 0);
    item_cuts_free(&second);
    list.head = (struct text){"[", 1};
    list.tail = (struct text){"]\n", 2};
    second = item_cut(&list);
    assert_int_equal(common(&first, &second), 0);
    item_cuts_free(&second);
    item_cuts_free(&first);
    free(items);
}

static void test_a_list_of_nothing(void **state)
{
    (void)state;
    struct items *items = make_items();
    const struct item_list list = list_of(items, 0);
    struct item_cuts cuts = item_cut(&list);
    assert_int_equal(cuts.count, 1);
    assert_gapless(&cuts, 0);
    item_cuts_free(&cuts);
    free(items);
}

/* No item is smaller than the others. */
static void test_equal_items_are_cut_all_the_same(void **state)
{
    (void)state;
    struct items *items = make_items();
    items->equal_size = 1000;
    for (uint32_t i = 0; i < ITEMS; i++)
        items->digests[i] = 7;
    const struct item_list list = list_of(items, ITEMS);
    struct item_cuts cuts = item_cut(&list);
    assert_gapless(&cuts, ITEMS);
    for (uint32_t i = 0; i < cuts.count; i++)
        assert_in_range(bytes_of(items, &cuts.segments[i]), 1, ITEM_CUT_MAX + 1000);
    item_cuts_free(&cuts);
    free(items);
}

/* An item that is larger than any segment is one. */
static void test_huge_items(void **state)
{
    (void)state;
    struct items *items = make_items();
    items->equal_size = 3 * ITEM_CUT_MAX;
    const struct item_list list = list_of(items, 50);
    struct item_cuts cuts = item_cut(&list);
    assert_gapless(&cuts, 50);
    assert_in_range(cuts.count, 40, 50);
    item_cuts_free(&cuts);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_a_change_leaves_other_segments_alone),
        cmocka_unit_test(test_digests_tell_segments_apart),
        cmocka_unit_test(test_a_list_of_nothing),
        cmocka_unit_test(test_equal_items_are_cut_all_the_same),
        cmocka_unit_test(test_huge_items),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
