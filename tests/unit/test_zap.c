#include "coordinator/zap.h"

#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

#include "coordinator/zap_request.h"
#include "tests/unit/unit.h"

#define A "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"

/* ---- the messages ---- */

#define T(string)                                                                                            \
    {                                                                                                        \
        string, sizeof(string) - 1                                                                           \
    }
#define KEY                                                                                                  \
    "\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01\x02\x03\x04\x05\x06\x07\x08\x01"   \
    "\x02\x03\x04\x05\x06\x07\x08"

static const struct text right[ZAP_REQUEST_FRAMES] = {
    T("id"), T(""), T("1.0"), T("1"), T("jobs"), T("192.0.2.1"), T(""), T("CURVE"), T(KEY)};

static void test_a_right_request(void **state)
{
    (void)state;
    struct zap_request request;
    const char *problem;
    assert_true(zap_request_parse(right, ZAP_REQUEST_FRAMES, &request, &problem));
    assert_string_equal(request.domain, "jobs");
    assert_string_equal(request.address, "192.0.2.1");
    assert_int_equal(strlen(request.public_key), 40);
    assert_int_equal(request.id.length, 1);
}

static void test_ipv4_is_written_as_such(void **state)
{
    (void)state;
    struct text frames[ZAP_REQUEST_FRAMES];
    struct zap_request request;
    const char *problem;
    memcpy(frames, right, sizeof frames);
    frames[5] = (struct text)T("::ffff:192.0.2.1");
    assert_true(zap_request_parse(frames, ZAP_REQUEST_FRAMES, &request, &problem));
    assert_string_equal(request.address, "192.0.2.1");
    frames[5] = (struct text)T("2001:db8::ffff:1");
    assert_true(zap_request_parse(frames, ZAP_REQUEST_FRAMES, &request, &problem));
    assert_string_equal(request.address, "2001:db8::ffff:1");
}

static char many[300];

static void test_hostile_requests(void **state)
{
    (void)state;
    memset(many, 'x', sizeof many);
    const struct {
        struct text text;
        const char *problem;
        unsigned place;
        bool answered;
    } cases[] = {
        {T("x"), "no ZAP request", 1, false},
        {T(""), "another version", 2, true},
        {T("2.0"), "another version", 2, true},
        {{many, 256}, "request id is too long", 3, false},
        {{many, 16}, "domain or address", 4, true},
        {{"jo\0bs", 5}, "domain or address", 4, true},
        {{many, 64}, "domain or address", 5, true},
        {T("NULL"), "without a key", 7, true},
        {T("PLAIN"), "without a key", 7, true},
        {T("curve"), "without a key", 7, true},
        {T(""), "without a key", 7, true},
        {T(""), "no key of 32 bytes", 8, true},
        {{many, 31}, "no key of 32 bytes", 8, true},
        {{many, 33}, "no key of 32 bytes", 8, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text frames[ZAP_REQUEST_FRAMES];
        struct zap_request request;
        const char *problem;
        memcpy(frames, right, sizeof frames);
        frames[cases[i].place] = cases[i].text;
        assert_false(zap_request_parse(frames, ZAP_REQUEST_FRAMES, &request, &problem));
        if (!strstr(problem, cases[i].problem))
            fail_msg("case %zu: %s", i, problem);
        assert_int_equal(request.id.length > 0, cases[i].answered);
    }
}

static void test_every_count_of_frames(void **state)
{
    (void)state;
    struct text frames[ZAP_REQUEST_FRAMES];
    memcpy(frames, right, sizeof frames);
    for (unsigned count = 0; count < ZAP_REQUEST_FRAMES; count++) {
        struct zap_request request;
        const char *problem = NULL;
        assert_false(zap_request_parse(frames, count, &request, &problem));
        assert_non_null(problem);
        assert_int_equal(request.id.length > 0, count > 3);
    }
}

static void test_rights(void **state)
{
    (void)state;
    static const struct {
        unsigned rights;
        const char *opens;
    } cases[] = {{0, ""}, {KEY_RIGHT_WORKER, "jobs results"}, {KEY_RIGHT_MONITOR, "status"},
        {KEY_RIGHT_OPERATOR, "status control"},
        {KEY_RIGHT_WORKER | KEY_RIGHT_MONITOR, "jobs results status"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct key_file key = {.name = "k", .rights = cases[i].rights};
        for (int domain = 0; domain < ZAP_DOMAIN_COUNT; domain++) {
            const char *name = zap_domain_string((enum zap_domain)domain);
            assert_int_equal(zap_judge(&key, name) == NULL, strstr(cases[i].opens, name) != NULL);
            assert_non_null(zap_judge(NULL, name));
        }
        assert_non_null(zap_judge(&key, ""));
        assert_non_null(zap_judge(&key, "Jobs"));
    }
}

/* ---- the handler ---- */

struct bench {
    char folder[64], path[128];
    void *context, *peer;
    struct authorized *authorized;
    struct refused refused;
    struct zap *zap;
    uint8_t known[32];
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){.context = zmq_ctx_new()};
    unit_make_folder(bench->folder);
    unit_write_file(bench->folder, "a.pub", "name = a\nrights = worker\npublic_key = " A "\n", bench->path);
    assert_int_equal(chmod(bench->path, 0644), 0);
    bench->authorized = authorized_open(bench->folder);
    authorized_look(bench->authorized, 0);
    bench->zap = zap_open(bench->context, bench->authorized, &bench->refused);
    bench->peer = zmq_socket(bench->context, ZMQ_DEALER);
    assert_int_equal(zmq_connect(bench->peer, "inproc://zeromq.zap.01"), 0);
}

static void close_bench(struct bench *bench)
{
    zmq_close(bench->peer);
    zap_close(&bench->zap);
    authorized_close(&bench->authorized);
    zmq_ctx_term(bench->context);
    unlink(bench->path);
    unit_remove_folder(bench->folder);
}

/* Sends frames, has the handler work, and returns the answer's status code: 0 if there is none. */
static int ask(struct bench *bench, const struct text *frames, unsigned count)
{
    char frame[300];
    int status = 0, more = 1;
    size_t size = sizeof more;
    for (unsigned i = 0; i < count; i++)
        assert_true(
            zmq_send(bench->peer, frames[i].data, frames[i].length, i + 1 < count ? ZMQ_SNDMORE : 0) >= 0);
    zap_readable(bench->zap);
    for (int i = 0; more; i++) {
        int length = zmq_recv(bench->peer, frame, sizeof frame - 1, ZMQ_DONTWAIT);
        if (length < 0)
            return 0;
        frame[length] = '\0';
        if (i == 3)
            status = (int)strtol(frame, NULL, 10);
        if (i == 5)
            assert_string_equal(frame, status == 200 ? A : "");
        assert_int_equal(zmq_getsockopt(bench->peer, ZMQ_RCVMORE, &more, &size), 0);
        if (!more)
            assert_int_equal(i, 6);
    }
    return status;
}

/* The peer's key is the one that is authorized. */
static void show_known_key(struct bench *bench, struct text *frames)
{
    assert_non_null(zmq_z85_decode(bench->known, A));
    frames[7] = (struct text){(const char *)bench->known, sizeof bench->known};
}

static void test_the_handler_answers(void **state)
{
    (void)state;
    struct bench bench;
    struct text frames[ZAP_REQUEST_FRAMES - 1];
    open_bench(&bench);
    memcpy(frames, right + 1, sizeof frames);
    assert_int_equal(ask(&bench, frames, 8), 400);
    assert_string_equal(bench.refused.last[0].reason, "its key is not in security.authorized_keys");
    assert_string_equal(bench.refused.last[0].address, "192.0.2.1");
    show_known_key(&bench, frames);
    assert_int_equal(ask(&bench, frames, 8), 200);
    frames[3] = (struct text)T("control");
    assert_int_equal(ask(&bench, frames, 8), 400);
    assert_string_equal(bench.refused.last[0].peer, "a");
    assert_string_equal(bench.refused.last[0].reason, "its key has no right to use this socket");
    close_bench(&bench);
}

static bool is_the_one(const void *asked, const char *public_key)
{
    return strcmp(asked, public_key) == 0;
}

static void test_a_key_that_is_put_aside_sends_no_results(void **state)
{
    (void)state;
    struct bench bench;
    struct text frames[ZAP_REQUEST_FRAMES - 1];
    open_bench(&bench);
    memcpy(frames, right + 1, sizeof frames);
    show_known_key(&bench, frames);
    frames[3] = (struct text)T("results");
    assert_int_equal(ask(&bench, frames, 8), 200);
    zap_ask_aside(bench.zap, is_the_one, A);
    assert_int_equal(ask(&bench, frames, 8), 400);
    assert_string_equal(bench.refused.last[0].reason, "it was put aside, for what it sent");
    frames[3] = (struct text)T("jobs"); /* where it is told why */
    assert_int_equal(ask(&bench, frames, 8), 200);
    close_bench(&bench);
}

static void test_the_handler_survives_everything(void **state)
{
    (void)state;
    struct bench bench;
    struct text frames[40];
    open_bench(&bench);
    for (unsigned count = 1; count <= 40; count++) {
        for (unsigned i = 0; i < count; i++)
            frames[i] = i < 8 ? right[i + 1] : (struct text){many, sizeof many};
        int status = ask(&bench, frames, count);
        assert_true(status == 0 || status == 400);
    }
    const struct text nothing = T("");
    assert_int_equal(ask(&bench, &nothing, 1), 0);
    memcpy(frames, right + 1, 8 * sizeof *frames);
    assert_int_equal(ask(&bench, frames, 8), 400); /* still there */
    close_bench(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_right_request),
        cmocka_unit_test(test_ipv4_is_written_as_such),
        cmocka_unit_test(test_hostile_requests),
        cmocka_unit_test(test_every_count_of_frames),
        cmocka_unit_test(test_rights),
        cmocka_unit_test(test_the_handler_answers),
        cmocka_unit_test(test_a_key_that_is_put_aside_sends_no_results),
        cmocka_unit_test(test_the_handler_survives_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
