#include "common/wire.h"

#include "tests/unit/unit.h"

static int int_option(void *socket, int option)
{
    int value = -2;
    size_t size = sizeof value;
    assert_int_equal(zmq_getsockopt(socket, option, &value, &size), 0);
    return value;
}

/* libzmq aborts when it is time for a PING to a peer that has filled its queue and hung up. */
static void test_only_who_connects_sends_pings(void **state)
{
    const int bound[] = {ZMQ_ROUTER, ZMQ_PULL, ZMQ_XPUB}, connected[] = {ZMQ_DEALER, ZMQ_PUSH, ZMQ_SUB};
    const struct wire_options options = {.high_water_mark = 4, .max_frame_bytes = 1000};
    void *context = zmq_ctx_new();
    (void)state;
    for (int i = 0; i < 3; i++) {
        void *socket = wire_open(context, bound[i], &options);
        assert_non_null(socket);
        assert_int_equal(int_option(socket, ZMQ_HEARTBEAT_IVL), 0);
        assert_int_equal(int_option(socket, ZMQ_TCP_KEEPALIVE), 1);
        assert_int_equal(int_option(socket, ZMQ_TCP_KEEPALIVE_IDLE), 5);
        assert_int_equal(int_option(socket, ZMQ_TCP_MAXRT), 15000);
        wire_close(&socket);
        socket = wire_open(context, connected[i], &options);
        assert_non_null(socket);
        assert_int_equal(int_option(socket, ZMQ_HEARTBEAT_IVL), 5000);
        wire_close(&socket);
    }
    zmq_ctx_term(context);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_who_connects_sends_pings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
