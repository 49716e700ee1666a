#include "coordinator/accepted.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "tests/unit/unit.h"

static void note4(int fd, const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET, host, &address.sin_addr), 1);
    struct sockaddr_storage storage = {0};
    memcpy(&storage, &address, sizeof address);
    accepted_note(fd, (const struct sockaddr *)&storage, sizeof address);
}

static void note6(int fd, const char *host, uint16_t port)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    assert_int_equal(inet_pton(AF_INET6, host, &address.sin6_addr), 1);
    struct sockaddr_storage storage = {0};
    memcpy(&storage, &address, sizeof address);
    accepted_note(fd, (const struct sockaddr *)&storage, sizeof address);
}

static void expect(int fd, const char *expected)
{
    char address[ACCEPTED_ADDRESS_SIZE];
    bool known = accepted_take(fd, address);
    assert_string_equal(address, expected ? expected : "unknown");
    assert_int_equal(known, expected != NULL);
}

static void test_addresses(void **state)
{
    (void)state;
    note4(5, "192.0.2.1", 65535);
    note6(6, "2001:db8::1", 80);
    note6(7, "::ffff:192.0.2.7", 80);
    expect(7, "192.0.2.7:80");
    expect(5, "192.0.2.1:65535");
    expect(6, "[2001:db8::1]:80");
    expect(6, NULL);
}

static void test_a_descriptor_that_is_used_again(void **state)
{
    (void)state;
    note4(5, "192.0.2.1", 1);
    note4(6, "192.0.2.2", 2);
    note4(5, "192.0.2.3", 3);
    expect(5, "192.0.2.1:1");
    expect(5, "192.0.2.3:3");
    expect(6, "192.0.2.2:2");
}

static void test_what_is_no_internet_address_is_passed_over(void **state)
{
    (void)state;
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    struct sockaddr_storage storage = {0};
    memcpy(&storage, &local, sizeof local);
    accepted_note(5, (const struct sockaddr *)&storage, sizeof local);
    accepted_note(5, NULL, 0);
    expect(5, NULL);
}

static void test_a_flood_pushes_out_the_oldest(void **state)
{
    (void)state;
    note4(5, "192.0.2.1", 1);
    for (int i = 0; i < ACCEPTED_MOST; i++)
        note4(6, "192.0.2.2", (uint16_t)(i + 1));
    expect(5, NULL);
    for (int i = 0; i < ACCEPTED_MOST; i++) {
        char address[ACCEPTED_ADDRESS_SIZE];
        assert_true(accepted_take(6, address));
    }
    expect(6, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_a_descriptor_that_is_used_again),
        cmocka_unit_test(test_what_is_no_internet_address_is_passed_over),
        cmocka_unit_test(test_a_flood_pushes_out_the_oldest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
