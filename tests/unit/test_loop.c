#include "tests/unit/unit.h"

#include <sys/eventfd.h>
#include <zmq.h>

#include "common/loop.h"

#define MESSAGES 5
#define PASSES   200 /* a loop that is not woken ends here; a round without events sleeps 10 ms */

/* A PULL in the loop, and a PUSH that a tick or a handler sends with. */
struct world {
    struct loop *loop;
    void *context, *push, *pull;
    int fd;
    int to_send, sent, received, passes, fd_events;
    bool greedy; /* the handler reads all there is */
};

static void send_one(struct world *world)
{
    assert_int_equal(zmq_send(world->push, "x", 1, ZMQ_DONTWAIT), 1);
    world->sent++;
}

static void on_message(void *context)
{
    struct world *world = context;
    char byte;
    while (zmq_recv(world->pull, &byte, 1, ZMQ_DONTWAIT) == 1) {
        world->received++;
        if (!world->greedy)
            break;
    }
    if (world->sent < world->to_send)
        send_one(world);
    if (world->received == world->to_send)
        loop_stop(world->loop);
}

static int64_t tick(void *context, int64_t now_ms)
{
    struct world *world = context;
    (void)now_ms;
    if (++world->passes == PASSES)
        loop_stop(world->loop);
    return 10;
}

static void open_world(struct world *world, const char *endpoint)
{
    *world = (struct world){.loop = loop_open(), .context = zmq_ctx_new(), .to_send = MESSAGES};
    world->push = zmq_socket(world->context, ZMQ_PUSH);
    world->pull = zmq_socket(world->context, ZMQ_PULL);
    assert_int_equal(zmq_bind(world->pull, endpoint), 0);
    char bound[64];
    size_t size = sizeof bound;
    assert_int_equal(zmq_getsockopt(world->pull, ZMQ_LAST_ENDPOINT, bound, &size), 0);
    assert_int_equal(zmq_connect(world->push, bound), 0);
}

static void close_world(struct world *world)
{
    loop_close(&world->loop);
    int linger_ms = 0;
    zmq_setsockopt(world->push, ZMQ_LINGER, &linger_ms, sizeof linger_ms);
    zmq_close(world->push);
    zmq_close(world->pull);
    zmq_ctx_term(world->context);
}

/* Whoever adds the socket, whatever is there already, and however much its handler leaves: all arrive. */
static void everything_arrives(void **state)
{
    (void)state;
    void (*const adds[])(struct loop *, void *, loop_handler, void *) = {
        loop_add_socket, loop_add_own_socket};
    for (int variant = 0; variant < 8; variant++) {
        struct world world;
        open_world(&world, "inproc://loop");
        world.greedy = variant & 1;
        int before = variant & 2 ? MESSAGES : 1;
        if (variant & 2)
            for (int i = 0; i < before; i++)
                send_one(&world);
        adds[variant >> 2](world.loop, world.pull, on_message, &world);
        if (!(variant & 2))
            send_one(&world);
        assert_true(loop_run(world.loop, tick, &world));
        assert_int_equal(world.received, MESSAGES);
        assert_true(world.passes < PASSES);
        close_world(&world);
    }
}

/* What another thread of ZeroMQ brings while nobody looks. */
static void what_comes_from_outside_wakes_it(void **state)
{
    (void)state;
    struct world world;
    open_world(&world, "tcp://127.0.0.1:*");
    world.greedy = true;
    loop_add_own_socket(world.loop, world.pull, on_message, &world);
    send_one(&world);
    assert_true(loop_run(world.loop, tick, &world));
    assert_int_equal(world.received, MESSAGES);
    close_world(&world);
}

static void on_fd(void *context)
{
    struct world *world = context;
    uint64_t count;
    assert_int_equal(read(world->fd, &count, sizeof count), (int)sizeof count);
    world->fd_events++;
    if (world->fd_events == 2)
        loop_remove_fd(world->loop, world->fd);
    send_one(world);
}

/* A descriptor is heard beside a socket that is never empty, and no more once it was removed. */
static void descriptors_have_their_turn(void **state)
{
    (void)state;
    struct world world;
    uint64_t one = 1;
    open_world(&world, "inproc://loop");
    world.to_send = 1000;
    world.fd = eventfd(0, EFD_NONBLOCK);
    loop_add_own_socket(world.loop, world.pull, on_message, &world);
    loop_add_fd(world.loop, world.fd, on_fd, &world);
    assert_int_equal(write(world.fd, &one, sizeof one), (int)sizeof one);
    send_one(&world);
    assert_true(loop_run(world.loop, tick, &world));
    assert_int_equal(world.passes, PASSES);
    assert_int_equal(world.fd_events, 1);
    assert_int_equal(write(world.fd, &one, sizeof one), (int)sizeof one);
    world.passes = 0;
    assert_true(loop_run(world.loop, tick, &world));
    assert_int_equal(world.fd_events, 2);
    assert_int_equal(write(world.fd, &one, sizeof one), (int)sizeof one);
    world.passes = 0;
    assert_true(loop_run(world.loop, tick, &world));
    assert_int_equal(world.fd_events, 2);
    close(world.fd);
    close_world(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_arrives),
        cmocka_unit_test(what_comes_from_outside_wakes_it),
        cmocka_unit_test(descriptors_have_their_turn),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
