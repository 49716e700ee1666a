#include "common/endpoint.h"

#include "tests/unit/unit.h"

static const struct {
    const char *string;
    enum endpoint_kind kind;
    const char *host;
    int port;
    bool loopback;
} right[] = {
    {"ipc:///run/jobs.sock", ENDPOINT_IPC, "", 0, true},
    {"tcp://127.0.0.1:5555", ENDPOINT_TCP, "127.0.0.1", 5555, true},
    {"tcp://127.255.255.254:*", ENDPOINT_TCP, "127.255.255.254", 0, true},
    {"tcp://[::1]:1", ENDPOINT_TCP, "::1", 1, true},
    {"tcp://lo:0", ENDPOINT_TCP, "lo", 0, true},
    {"tcp://*:65535", ENDPOINT_TCP, "*", 65535, false},
    {"tcp://0.0.0.0:80", ENDPOINT_TCP, "0.0.0.0", 80, false},
    {"tcp://[::]:80", ENDPOINT_TCP, "::", 80, false},
    {"tcp://192.168.127.1:80", ENDPOINT_TCP, "192.168.127.1", 80, false},
    {"tcp://127.0.0.1.example.org:80", ENDPOINT_TCP, "127.0.0.1.example.org", 80, false},
};

static void test_right(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(right) / sizeof(right[0]); i++) {
        struct endpoint endpoint;
        const char *problem = NULL;
        assert_true(endpoint_parse(right[i].string, &endpoint, &problem));
        assert_int_equal(endpoint.kind, right[i].kind);
        assert_string_equal(endpoint.host, right[i].host);
        assert_int_equal(endpoint.port, right[i].port);
        assert_int_equal(endpoint.loopback, right[i].loopback);
    }
}

static void test_wrong(void **state)
{
    (void)state;
    static const char *const wrong[] = {"", "jobs.sock", "ipc://", "ipc://jobs.sock", "udp://127.0.0.1:1",
        "tcp://", "tcp://:80", "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:-1", "tcp://127.0.0.1:80x", "tcp://::1:80", "tcp://a b:80", "tcp://a/b:80",
        "tcp://[::1:80", "TCP://127.0.0.1:80"};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct endpoint endpoint;
        const char *problem = NULL;
        assert_false(endpoint_parse(wrong[i], &endpoint, &problem));
        assert_non_null(problem);
    }
}

static void test_socket_path_limit(void **state)
{
    (void)state;
    char string[6 + ENDPOINT_IPC_PATH_MAX + 2] = "ipc://";
    for (int i = 0; i < ENDPOINT_IPC_PATH_MAX; i++)
        string[6 + i] = i ? 'x' : '/';
    struct endpoint endpoint;
    const char *problem = NULL;
    assert_true(endpoint_parse(string, &endpoint, &problem));
    string[6 + ENDPOINT_IPC_PATH_MAX] = 'x';
    assert_false(endpoint_parse(string, &endpoint, &problem));
    assert_non_null(problem);
}

static void test_address(void **state)
{
    (void)state;
    struct endpoint endpoint;
    const char *problem = NULL;
    assert_true(endpoint_parse_address(":8080", &endpoint, &problem));
    assert_string_equal(endpoint.host, "*");
    assert_int_equal(endpoint.port, 8080);
    assert_false(endpoint.loopback);
    assert_true(endpoint_parse_address("127.0.0.1:0", &endpoint, &problem));
    assert_true(endpoint.loopback);
    assert_false(endpoint_parse_address("8080", &endpoint, &problem));
}

static void test_url_port(void **state)
{
    (void)state;
    static const struct {
        const char *url;
        int port;
    } cases[] = {{"https://host", 443}, {"http://host", 80}, {"http://host/a:1", 80},
        {"http://host:8080", 8080}, {"https://host:1/x", 1}, {"http://[::1]", 80},
        {"http://[::1]:65535/", 65535}, {"http://host:", 80}, {"http://host:65536", 0}, {"http://host:0", 0},
        {"http://host:8a", 0}, {"http://host:99999999999", 0}, {"ftp://host", 0}, {"x", 0}, {"", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (endpoint_url_port(cases[i].url) != cases[i].port)
            fail_msg("%s: %d", cases[i].url, endpoint_url_port(cases[i].url));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_socket_path_limit),
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_url_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
