#include "tests/unit/unit.h"

#include <stdbool.h>
#include <sys/socket.h>

#include "exporter/httpd/connections.h"

#define CROWDED 4
#define WANTED  2
#define START   INT64_C(1000)

/* A connection whose other end the test holds. */
struct client {
    int ours, theirs;
    struct connection *place;
};

static struct client arrive(struct connections *connections, int64_t now_ms)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    return (struct client){pair[0], pair[1], connections_add(connections, pair[0], now_ms)};
}

/* Does the client see the end? */
static bool ended(const struct client *client)
{
    char byte;
    return recv(client->theirs, &byte, 1, 0) == 0;
}

static void leave(struct connections *connections, struct client *client)
{
    connections_remove(connections, client->place);
    close(client->ours);
    close(client->theirs);
}

static void a_request_has_its_time(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client client = arrive(connections, START);
    connections_sweep(connections, START + CONNECTIONS_REQUEST_MS - 1);
    assert_false(ended(&client));
    connections_sweep(connections, START + CONNECTIONS_REQUEST_MS);
    assert_true(ended(&client));
    /* What still happens to one that was ended changes nothing. */
    connections_answering(connections, client.place, 1, START);
    connections_sweep(connections, START + 1000 * CONNECTIONS_REQUEST_MS);
    assert_int_equal(connections_figures(connections).ended_late, 1);
    leave(connections, &client);
    assert_int_equal(connections_figures(connections).open, 0);
    assert_int_equal(connections_figures(connections).accepted, 1);
    connections_close(&connections);
}

static void so_does_the_next_one(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client client = arrive(connections, START);
    connections_answering(connections, client.place, 0, START + 5000);
    connections_waiting(connections, client.place, START + 9000);
    connections_sweep(connections, START + 9000 + CONNECTIONS_REQUEST_MS - 1);
    assert_false(ended(&client));
    connections_sweep(connections, START + 9000 + CONNECTIONS_REQUEST_MS);
    assert_true(ended(&client));
    leave(connections, &client);
    connections_close(&connections);
}

static void an_answer_has_time_by_its_size(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client small = arrive(connections, START);
    struct client large = arrive(connections, START);
    struct client endless = arrive(connections, START);
    connections_answering(connections, small.place, 0, START);
    connections_answering(connections, large.place, 8000000, START);
    connections_answering(connections, endless.place, UINT64_MAX, START);
    int64_t large_ms = CONNECTIONS_ANSWER_MS + 8000000 / CONNECTIONS_BYTES_EACH_MS;
    connections_sweep(connections, START + CONNECTIONS_ANSWER_MS);
    assert_true(ended(&small));
    assert_false(ended(&large));
    connections_sweep(connections, START + large_ms - 1);
    assert_false(ended(&large));
    connections_sweep(connections, START + large_ms);
    assert_true(ended(&large));
    assert_false(ended(&endless));
    connections_sweep(connections, START + CONNECTIONS_ANSWER_MS + INT32_MAX);
    assert_true(ended(&endless));
    leave(connections, &small);
    leave(connections, &large);
    leave(connections, &endless);
    connections_close(&connections);
}

static void the_longest_waiting_makes_room(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client clients[CROWDED + 3];
    for (int i = 0; i < CROWDED; i++)
        clients[i] = arrive(connections, START + i);
    /* The first is being answered, the second has just been: it waits anew, at the end of the line. */
    connections_answering(connections, clients[0].place, 0, START + 10);
    connections_answering(connections, clients[1].place, 0, START + 10);
    connections_waiting(connections, clients[1].place, START + 20);
    for (int i = CROWDED; i < CROWDED + 3; i++)
        clients[i] = arrive(connections, START + 20 + CONNECTIONS_GRACE_MS);
    assert_false(ended(&clients[0]));
    assert_true(ended(&clients[1]));
    assert_true(ended(&clients[2]));
    assert_true(ended(&clients[3]));
    for (int i = CROWDED; i < CROWDED + 3; i++)
        assert_false(ended(&clients[i]));
    assert_int_equal(connections_figures(connections).ended_early, 3);
    assert_int_equal(connections_figures(connections).open, CROWDED + 3);
    for (int i = 0; i < CROWDED + 3; i++)
        leave(connections, &clients[i]);
    connections_close(&connections);
}

static void who_has_just_come_need_not_make_room(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client clients[CROWDED + 2];
    for (int i = 0; i < CROWDED + 2; i++)
        clients[i] = arrive(connections, START + i);
    connections_sweep(connections, START + CONNECTIONS_GRACE_MS - 1);
    for (int i = 0; i < CROWDED + 2; i++)
        assert_false(ended(&clients[i]));
    /* Then those of whom there are more than wanted go at once, as far as their time has come. */
    connections_sweep(connections, START + CONNECTIONS_GRACE_MS + 1);
    for (int i = 0; i < CROWDED + 2; i++)
        assert_int_equal(ended(&clients[i]), i < 2);
    connections_sweep(connections, START + CONNECTIONS_GRACE_MS + 100);
    for (int i = 2; i < CROWDED + 2; i++)
        assert_false(ended(&clients[i])); /* it is no longer crowded */
    for (int i = 0; i < CROWDED + 2; i++)
        leave(connections, &clients[i]);
    connections_close(&connections);
}

static void a_crowd_is_thinned(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client clients[CROWDED + 1];
    for (int i = 0; i < CROWDED + 1; i++)
        clients[i] = arrive(connections, START);
    connections_sweep(connections, START + CONNECTIONS_GRACE_MS);
    for (int i = 0; i < CROWDED + 1; i++) {
        assert_int_equal(ended(&clients[i]), i < CROWDED + 1 - WANTED);
        leave(connections, &clients[i]);
    }
    connections_close(&connections);
}

static void who_is_being_answered_keeps_its_place(void **state)
{
    (void)state;
    struct connections *connections = connections_open(CROWDED, WANTED);
    struct client clients[CROWDED + 1];
    for (int i = 0; i <= CROWDED; i++) {
        clients[i] = arrive(connections, START);
        connections_answering(connections, clients[i].place, 0, START);
    }
    for (int i = 0; i <= CROWDED; i++) {
        assert_false(ended(&clients[i]));
        leave(connections, &clients[i]);
    }
    connections_close(&connections);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_has_its_time),
        cmocka_unit_test(so_does_the_next_one),
        cmocka_unit_test(an_answer_has_time_by_its_size),
        cmocka_unit_test(the_longest_waiting_makes_room),
        cmocka_unit_test(who_has_just_come_need_not_make_room),
        cmocka_unit_test(a_crowd_is_thinned),
        cmocka_unit_test(who_is_being_answered_keeps_its_place),
    };
    return cmocka_run_group_tests_name("connections", tests, NULL, NULL);
}
