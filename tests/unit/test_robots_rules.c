#include "tests/unit/unit.h"

#include <string.h>

#include "worker/robots_rules.h"

#define US "r3e-leaderboard/0.1.0 (+https://example.org)"

static struct robots_rules read_as(const char *text, const char *agent, const char *path)
{
    const char *const paths[] = {path};
    return robots_rules_read(text, strlen(text), agent, paths, 1);
}

static bool allowed(const char *text, const char *path)
{
    return read_as(text, US, path).allowed;
}

struct golden {
    const char *text, *path;
    bool allowed;
};

static void check(const struct golden *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (allowed(cases[i].text, cases[i].path) != cases[i].allowed)
            fail_msg(
                "%s\nfor %s: expected %s", cases[i].text, cases[i].path, cases[i].allowed ? "yes" : "no");
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof *(cases))

/* RFC 9309, 2.2.1 and the example of section 5.1. */
static void groups_are_found_and_merged(void **state)
{
    (void)state;
    static const char example[] = "User-Agent: *\n"
                                  "Disallow: *.gif$\n"
                                  "Disallow: /example/\n"
                                  "Allow: /publications/\n"
                                  "\n"
                                  "User-Agent: foobot\n"
                                  "Disallow:/\n"
                                  "Allow:/example/page.html\n"
                                  "Allow:/example/allowed.gif\n"
                                  "\n"
                                  "User-Agent: barbot\n"
                                  "User-Agent: bazbot\n"
                                  "Disallow: /example/page.html\n"
                                  "\n"
                                  "User-Agent: quxbot\n";
    static const struct {
        const char *agent, *path;
        bool allowed;
    } cases[] = {
        {"foobot", "/example/page.html", true},
        {"foobot", "/example/allowed.gif", true},
        {"foobot", "/publications/", false},
        {"FooBot/2.1 (+x)", "/x", false},
        {"barbot", "/example/page.html", false},
        {"bazbot", "/example/page.html", false},
        {"bazbot", "/example/other.html", true},
        {"quxbot", "/example/", true},
        {"somebot", "/example/", false},
        {"somebot", "/a/b.gif", false},
        {"somebot", "/a/b.gif?x", true},
        {"somebot", "/publications/", true},
        {"foobotics", "/example/", false}, /* not foobot: everybody's */
        {"foobotics", "/publications/x", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(read_as(example, cases[i].agent, cases[i].path).allowed, cases[i].allowed);

    /* Two groups for one token are one; rules before any group are nobody's. */
    static const struct golden merged[] = {
        {"Disallow: /\nUser-agent: x\nDisallow: /\n", "/a", true},
        {"User-agent: r3e-leaderboard\nDisallow: /a\nUser-agent: x\nAllow: /\nUser-agent: "
         "R3E-Leaderboard\nDisallow: /b",
            "/a", false},
        {"User-agent: r3e-leaderboard\nDisallow: /a\nUser-agent: x\nAllow: /\nUser-agent: "
         "R3E-Leaderboard\nDisallow: /b",
            "/b", false},
        {"User-agent: *\nDisallow: /\nUser-agent: r3e-leaderboard\n", "/a", true},
        {"User-agent: r3e-leaderboard\nUser-agent: x\nDisallow: /\n", "/a", false},
        {"User-agent: r3e-leaderboard/7.0 (old)\nDisallow: /\n", "/a", false},
        {"User-agent: r3e\nDisallow: /\n", "/a", true},
        {"User-agent: r3e-leaderboard\nSitemap: https://x/y\nUser-agent: x\nDisallow: /\n", "/a", false},
        {"User-agent: x\nCrawl-delay: 5\nUser-agent: r3e-leaderboard\nDisallow: /a\n", "/b", true},
        {"User-agent: * # everybody\nDisallow: /\n", "/a", false},
        {"User-agent: *foo\nDisallow: /\n", "/a", true},
    };
    CHECK(merged);
}

/* RFC 9309, 2.2.2 and 2.2.3. */
static void the_longest_match_counts(void **state)
{
    (void)state;
#define ALL "User-agent: *\n"
    static const struct golden cases[] = {
        {"", "/", true},
        {ALL "Disallow:\n", "/", true},
        {ALL "Disallow: /\n", "/", false},
        {ALL "Disallow: /\nAllow: /\n", "/", true},
        {ALL "Allow: /p\nDisallow: /\n", "/page", true},
        {ALL "Allow: /folder\nDisallow: /folder\n", "/folder/page", true},
        {ALL "Allow: /page\nDisallow: /*.htm\n", "/page.htm", false},
        {ALL "Allow: /page\nDisallow: /*.ph\n", "/page.php5", true},
        {ALL "Allow: /$\nDisallow: /\n", "/", true},
        {ALL "Allow: /$\nDisallow: /\n", "/page.htm", false},
        {ALL "Disallow: /x/\nAllow: /x/y\n", "/x/y/z", true},
        {ALL "Disallow: /x/y\nAllow: /x/\n", "/x/y/z", false},
        {ALL "Disallow: /fish\n", "/fish.html", false},
        {ALL "Disallow: /fish\n", "/Fish.asp", true},
        {ALL "Disallow: /fish\n", "/catfish", true},
        {ALL "Disallow: /fish*\n", "/fishheads/yummy.html", false},
        {ALL "Disallow: /fish/\n", "/fish", true},
        {ALL "Disallow: /*.php$\n", "/folder/filename.php", false},
        {ALL "Disallow: /*.php$\n", "/filename.php?parameters", true},
        {ALL "Disallow: /*.php$\n", "/filename.php/", true},
        {ALL "Disallow: /fish*.php\n", "/fishheads/catfish.php?id=1", false},
        {ALL "Disallow: fish\n", "/fish", true},
        {ALL "Disallow: *fish\n", "/catfish", false},
        {ALL "Disallow: /a*b*c$\n", "/axxbxxbxxc", false},
        {ALL "Disallow: /a*b*c$\n", "/axxbxxcx", true},
        {ALL "Disallow: /a$b\n", "/a$b", false},
        {ALL "Disallow: /$\n", "/a", true},
        {ALL "Disallow: *\n", "/a", false},
        {ALL "Disallow: $\n", "/a", true},
        {ALL "Disallow: /a**b\n", "/axb", false},
        {ALL "Disallow: /leaderboard/listing/\n", "/leaderboard/listing/0?track=1", false},
        {ALL "Disallow: /*?\n", "/leaderboard/listing/0?track=1", false},
        {ALL "Disallow: /*&count=\n", "/leaderboard/listing/0?track=1&count=9", false},
    };
    CHECK(cases);
}

static void percent_encoding_is_made_alike(void **state)
{
    (void)state;
    static const struct golden cases[] = {
        {ALL "Disallow: /foo/bar/%62%61%7A\n", "/foo/bar/baz", false},
        {ALL "Disallow: /foo/bar/baz\n", "/foo/bar/%62%61%7A", false},
        {ALL "Disallow: /foo/bar/\xe3\x83\x84\n", "/foo/bar/%E3%83%84", false},
        {ALL "Disallow: /foo/bar/%e3%83%84\n", "/foo/bar/%E3%83%84", false},
        {ALL "Disallow: /a%2Fb\n", "/a/b", true},
        {ALL "Disallow: /a%2fb\n", "/a%2Fb", false},
        {ALL "Disallow: /a%2A\n", "/ab", true},
        {ALL "Disallow: /a%2\n", "/a%2", false},
        {ALL "Disallow: /a%zz\n", "/a%zz", false},
    };
    CHECK(cases);
}

static void lines_of_every_kind(void **state)
{
    (void)state;
    static const struct golden cases[] = {
        {"\xef\xbb\xbfUser-agent: *\nDisallow: /\n", "/", false},
        {"User-agent: *\r\nDisallow: /\r\n", "/", false},
        {"User-agent: *\rDisallow: /\r", "/", false},
        {"  user-AGENT \t: \t*  \n\t disallow\t:\t/a \t # comment\n", "/a", false},
        {"# comment\n\n\nUser-agent: *\n\n\nDisallow: /\n", "/", false},
        {"User-agent: *\nnonsense\n: : :\nDisallow: /", "/", false},
        {"User-agent: *\nDisallow\n", "/", true},
        {"User-agent: *\nDisallow /\n", "/", true},
        {"User-agent: *\nDisallow: /a#b\n", "/axx", false},
        {"<html><body>User-agent: *</body></html>", "/", true},
    };
    CHECK(cases);
    static const char with_nul[] = "User-agent: *\n\0\0Dis\0allow: /\nDisallow: /\0\nAllow: /b\n";
    const char *const paths[] = {"/a"};
    assert_true(robots_rules_read(with_nul, sizeof with_nul - 1, US, paths, 1).allowed);
}

static void crawl_delay_has_fractions_and_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t delay_ms;
    } cases[] = {
        {ALL "Crawl-delay: 2\n", 2000},
        {ALL "crawl-delay:0.5\n", 500},
        {ALL "Crawl-delay: 1.2345\n", 1234},
        {ALL "Crawl-delay: 5\nCrawl-delay: 2\n", 5000},
        {ALL "Crawl-delay: 1e3\n", 0},
        {ALL "Crawl-delay: -1\n", 0},
        {ALL "Crawl-delay:\n", 0},
        {ALL "Crawl-delay: 99999999999999999999999\n", ROBOTS_RULES_DELAY_MOST},
        {ALL "Crawl-delay: 5\nUser-agent: r3e-leaderboard\nAllow: /\n", 0},
        {"User-agent: x\nCrawl-delay: 5\n", 0},
        {"Crawl-delay: 5\n", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(read_as(cases[i].text, US, "/").crawl_delay_ms, cases[i].delay_ms);
}

static void every_path_must_be_allowed_and_the_rule_is_named(void **state)
{
    (void)state;
    static const char text[] = ALL "Disallow: /leaderboard/?\xff\n";
    static const char other[] = ALL "Disallow: /leaderboard/?\n";
    const char *const paths[] = {"/leaderboard/listing/0?track=1", "/leaderboard/?track=1"};
    assert_true(robots_rules_read(text, sizeof text - 1, US, paths, 2).allowed);
    assert_true(robots_rules_read(other, sizeof other - 1, US, paths, 1).allowed);
    struct robots_rules rules = robots_rules_read(other, sizeof other - 1, US, paths, 2);
    assert_false(rules.allowed);
    assert_string_equal(rules.pattern, "/leaderboard/?");
}

static void no_more_than_500_kib_are_read(void **state)
{
    (void)state;
    size_t size = ROBOTS_RULES_BYTES_MOST + 100;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, '\n', size);
    memcpy(text, ALL, sizeof ALL - 1);
    const char *const paths[] = {"/a"};
    static const char rule[] = "Disallow: /\n";
    memcpy(text + ROBOTS_RULES_BYTES_MOST - sizeof rule + 1, rule, sizeof rule - 1);
    assert_false(robots_rules_read(text, size, US, paths, 1).allowed);
    memset(text + sizeof ALL - 1, '\n', size - sizeof ALL + 1);
    memcpy(text + ROBOTS_RULES_BYTES_MOST, rule, sizeof rule - 1);
    assert_true(robots_rules_read(text, size, US, paths, 1).allowed);
    /* One rule as long as that, and one made to take long. */
    memset(text, 'a', size);
    memcpy(text, ALL "Disallow: /", sizeof ALL - 1 + 11);
    assert_true(robots_rules_read(text, size, US, paths, 1).allowed);
    for (size_t i = sizeof ALL + 11; i < size; i++)
        text[i] = i % 2 ? '*' : 'a';
    assert_true(robots_rules_read(text, size, US, paths, 1).allowed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_and_merged),
        cmocka_unit_test(the_longest_match_counts),
        cmocka_unit_test(percent_encoding_is_made_alike),
        cmocka_unit_test(lines_of_every_kind),
        cmocka_unit_test(crawl_delay_has_fractions_and_a_limit),
        cmocka_unit_test(every_path_must_be_allowed_and_the_rule_is_named),
        cmocka_unit_test(no_more_than_500_kib_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
