#include "tests/unit/unit.h"

#include <string.h>

#include "worker/outbox.h"

/* What the "connection" took. */
struct wire {
    unsigned capacity; /* sends it still takes */
    unsigned sent;
    unsigned ready; /* how many said so */
    uint64_t leases[200];
    char worker[PROTOCOL_ID_SIZE];
    size_t payload;
    int payload_count;
};

static bool take(void *context, const struct message *message, const struct text *payloads, int payload_count)
{
    struct wire *wire = context;
    if (wire->capacity == 0)
        return false;
    wire->capacity--;
    wire->leases[wire->sent++] = message->result.lease;
    wire->ready += message->result.ready;
    memcpy(wire->worker, message->result.worker, sizeof wire->worker);
    wire->payload_count = payload_count;
    wire->payload = 0;
    for (int i = 0; i < payload_count; i++)
        wire->payload += payloads[i].length;
    return true;
}

static void add(struct outbox *outbox, uint64_t lease, const char *rows, const char *detail)
{
    struct message_result result = {.lease = lease, .outcome = *detail ? OUTCOME_CHANGED : OUTCOME_UNCHANGED};
    outbox_add(outbox, &result, (struct text){rows, (uint32_t)strlen(rows)},
        (struct text){detail, (uint32_t)strlen(detail)});
}

static void sent_once_over_one_connection(void **state)
{
    (void)state;
    struct outbox outbox;
    struct wire wire = {.capacity = 100};
    outbox_open(&outbox);
    add(&outbox, 1, "rows", "detail");
    assert_true(outbox_flush(&outbox, "w1", take, &wire));
    assert_true(outbox_flush(&outbox, "w1", take, &wire));
    assert_int_equal(wire.sent, 1);
    assert_string_equal(wire.worker, "w1");
    assert_int_equal(wire.payload_count, 2);
    assert_int_equal(wire.payload, 10);
    add(&outbox, 2, "", "");
    assert_true(outbox_flush(&outbox, "w1", take, &wire));
    assert_int_equal(wire.sent, 2);
    assert_int_equal(wire.payload_count, 0);
    outbox_free(&outbox);
}

static void sent_in_order_when_there_is_room(void **state)
{
    (void)state;
    struct outbox outbox;
    struct wire wire = {.capacity = 2};
    outbox_open(&outbox);
    for (uint64_t lease = 1; lease <= 5; lease++)
        add(&outbox, lease, "r", "d");
    assert_false(outbox_flush(&outbox, "w1", take, &wire));
    assert_int_equal(outbox.unsent, 3);
    wire.capacity = 3;
    assert_true(outbox_flush(&outbox, "w1", take, &wire));
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(wire.leases[i], i + 1);
    outbox_free(&outbox);
}

static void kept_until_acknowledged(void **state)
{
    (void)state;
    struct outbox outbox;
    struct wire wire = {.capacity = 100};
    outbox_open(&outbox);
    for (uint64_t lease = 1; lease <= 3; lease++)
        add(&outbox, lease, "r", "d");
    outbox_flush(&outbox, "w1", take, &wire);
    assert_true(outbox_acknowledge(&outbox, 3));
    assert_false(outbox_acknowledge(&outbox, 3));
    assert_false(outbox_acknowledge(&outbox, 99));
    add(&outbox, 4, "r", "d"); /* behind the new last one */
    assert_int_equal(outbox.count, 3);
    outbox_resend(&outbox);
    wire.sent = 0;
    assert_true(outbox_flush(&outbox, "w2", take, &wire));
    assert_int_equal(wire.sent, 3);
    assert_string_equal(wire.worker, "w2");
    assert_int_equal(wire.leases[2], 4);
    assert_true(
        outbox_acknowledge(&outbox, 1) && outbox_acknowledge(&outbox, 2) && outbox_acknowledge(&outbox, 4));
    assert_int_equal(outbox.count, 0);
    assert_int_equal(outbox.bytes, 0);
    assert_int_equal(outbox.unsent, 0);
    outbox_free(&outbox);
}

static void acknowledged_before_it_was_sent_again(void **state)
{
    (void)state;
    struct outbox outbox;
    struct wire wire = {.capacity = 100};
    outbox_open(&outbox);
    add(&outbox, 1, "r", "d");
    outbox_flush(&outbox, "w1", take, &wire);
    outbox_resend(&outbox);
    assert_true(outbox_acknowledge(&outbox, 1));
    assert_int_equal(outbox.unsent, 0);
    assert_true(outbox_flush(&outbox, "w1", take, &wire));
    assert_int_equal(wire.sent, 1);
    outbox_free(&outbox);
}

/* A READY that went with a result goes once: when it is sent again another may have been said. */
static void ready_is_said_once(void **state)
{
    (void)state;
    struct outbox outbox;
    struct wire wire = {.capacity = 100};
    const struct message_result ready = {.lease = 2, .outcome = OUTCOME_UNCHANGED, .ready = true};
    outbox_open(&outbox);
    add(&outbox, 1, "r", "d");
    outbox_add(&outbox, &ready, (struct text){0}, (struct text){0});
    outbox_flush(&outbox, "w1", take, &wire);
    assert_int_equal(wire.ready, 1);
    assert_true(outbox_resend(&outbox));
    outbox_flush(&outbox, "w1", take, &wire);
    assert_int_equal(wire.sent, 4);
    assert_int_equal(wire.ready, 1);
    assert_false(outbox_resend(&outbox));
    outbox_free(&outbox);
}

static void bounded(void **state)
{
    (void)state;
    struct outbox outbox;
    outbox_open(&outbox);
    for (uint64_t lease = 1; lease <= OUTBOX_COUNT_MOST; lease++) {
        assert_true(outbox_has_room(&outbox));
        add(&outbox, lease, "r", "d");
    }
    assert_false(outbox_has_room(&outbox));
    outbox_acknowledge(&outbox, 5);
    assert_true(outbox_has_room(&outbox));
    outbox_free(&outbox);
    char *large = malloc(OUTBOX_BYTES_MOST + 1);
    assert_non_null(large);
    memset(large, 'x', OUTBOX_BYTES_MOST);
    large[OUTBOX_BYTES_MOST] = 0;
    add(&outbox, 1, large, "d");
    assert_false(outbox_has_room(&outbox));
    free(large);
    outbox_free(&outbox);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sent_once_over_one_connection),
        cmocka_unit_test(sent_in_order_when_there_is_room),
        cmocka_unit_test(kept_until_acknowledged),
        cmocka_unit_test(acknowledged_before_it_was_sent_again),
        cmocka_unit_test(ready_is_said_once),
        cmocka_unit_test(bounded),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
