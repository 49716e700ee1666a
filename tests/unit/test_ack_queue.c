#include "coordinator/ack_queue.h"

#include "tests/unit/unit.h"

#include <stdio.h>
#include <string.h>

#define SAID_MAX 8

struct said {
    unsigned count;
    char worker[SAID_MAX][PROTOCOL_ID_SIZE];
    struct message_ack ack[SAID_MAX];
};

static void hear(void *context, const char *worker, const struct message_ack *ack)
{
    struct said *said = context;
    assert_true(said->count < SAID_MAX);
    assert_true(ack->leases.count > 0);
    snprintf(said->worker[said->count], PROTOCOL_ID_SIZE, "%s", worker);
    said->ack[said->count++] = *ack;
}

static void add(struct ack_queue *queue, const char *name, uint64_t lease, enum verdict verdict)
{
    char worker[PROTOCOL_ID_SIZE] = {0};
    snprintf(worker, sizeof worker, "%s", name);
    ack_queue_add(queue, worker, lease, verdict);
}

static struct said committed(struct ack_queue *queue, uint64_t generation)
{
    struct said said = {0};
    ack_queue_committed(queue, generation, hear, &said);
    return said;
}

static void nothing_is_said_before_it_is_on_disk(void **state)
{
    (void)state;
    struct ack_queue queue = {0};
    add(&queue, "a", 1, VERDICT_STORED);
    assert_int_equal(queue.unsubmitted, 1);
    assert_int_equal(committed(&queue, UINT64_MAX).count, 0); /* which commit will carry it is not known */
    ack_queue_submitted(&queue, 7);
    assert_int_equal(queue.unsubmitted, 0);
    assert_int_equal(committed(&queue, 6).count, 0);
    struct said said = committed(&queue, 7);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.worker[0], "a");
    assert_int_equal(said.ack[0].verdict, VERDICT_STORED);
    assert_int_equal(said.ack[0].leases.count, 1);
    assert_int_equal(said.ack[0].leases.ids[0], 1);
    assert_int_equal(committed(&queue, 8).count, 0); /* once */
    ack_queue_free(&queue);
}

static void what_comes_while_a_commit_runs_waits_for_the_next(void **state)
{
    (void)state;
    struct ack_queue queue = {0};
    add(&queue, "a", 1, VERDICT_STORED);
    ack_queue_submitted(&queue, 7);
    add(&queue, "a", 2, VERDICT_STORED);
    struct said said = committed(&queue, 7);
    assert_int_equal(said.count, 1);
    assert_int_equal(said.ack[0].leases.count, 1);
    assert_int_equal(queue.unsubmitted, 1);
    ack_queue_submitted(&queue, 8);
    said = committed(&queue, 8);
    assert_int_equal(said.count, 1);
    assert_int_equal(said.ack[0].leases.ids[0], 2);
    ack_queue_free(&queue);
}

static void a_worker_hears_the_same_of_several_together(void **state)
{
    (void)state;
    struct ack_queue queue = {0};
    add(&queue, "a", 1, VERDICT_STORED);
    add(&queue, "b", 2, VERDICT_STORED);
    add(&queue, "a", 3, VERDICT_NOTED);
    add(&queue, "a", 4, VERDICT_STORED);
    add(&queue, "b", 5, VERDICT_STORED);
    ack_queue_submitted(&queue, 1);
    struct said said = committed(&queue, 1);
    static const struct {
        const char *worker;
        enum verdict verdict;
        uint64_t leases[2];
    } wanted[] = {{"a", VERDICT_STORED, {1, 4}}, {"b", VERDICT_STORED, {2, 5}}, {"a", VERDICT_NOTED, {3, 0}}};
    assert_int_equal(said.count, 3);
    for (unsigned i = 0; i < said.count; i++) {
        assert_string_equal(said.worker[i], wanted[i].worker);
        assert_int_equal(said.ack[i].verdict, wanted[i].verdict);
        assert_int_equal(said.ack[i].leases.count, wanted[i].leases[1] ? 2 : 1);
        assert_memory_equal(said.ack[i].leases.ids, wanted[i].leases, sizeof wanted[i].leases);
    }
    ack_queue_free(&queue);
}

/* More than a message has room for, and more than the queue first has. */
static void no_lease_is_left_out(void **state)
{
    (void)state;
    struct ack_queue queue = {0};
    const uint64_t leases = 3 * PROTOCOL_LEASES_MAX + 5;
    for (uint64_t lease = 1; lease <= leases; lease++) {
        add(&queue, "a", lease, VERDICT_STORED);
        ack_queue_submitted(&queue, lease);
    }
    struct said said = committed(&queue, leases - 1);
    uint64_t next = 1;
    assert_int_equal(said.count, 4);
    for (unsigned i = 0; i < said.count; i++)
        for (uint32_t at = 0; at < said.ack[i].leases.count; at++)
            assert_int_equal(said.ack[i].leases.ids[at], next++);
    assert_int_equal(next, leases);
    said = committed(&queue, leases);
    assert_int_equal(said.count, 1);
    assert_int_equal(said.ack[0].leases.ids[0], leases);
    ack_queue_free(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_said_before_it_is_on_disk),
        cmocka_unit_test(what_comes_while_a_commit_runs_waits_for_the_next),
        cmocka_unit_test(a_worker_hears_the_same_of_several_together),
        cmocka_unit_test(no_lease_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
