#include "tests/unit/unit.h"

#include "exporter/httpd/negotiate.h"

static const struct {
    const char *header;
    const char *name;
    int weight;
} weights[] = {
    {NULL, "gzip", -1},
    {"", "gzip", -1},
    {",,, ,", "gzip", -1},
    {"gzip", "gzip", 1000},
    {"GZip", "gzip", 1000},
    {"gzipped", "gzip", -1},
    {"br, gzip;q=0.5", "gzip", 500},
    {"br,gzip ; q=0.123", "gzip", 123},
    {"gzip;q=0", "gzip", 0},
    {"gzip;q=0.000", "gzip", 0},
    {"gzip;q=1.000", "gzip", 1000},
    {"gzip;q=1.9", "gzip", 1000},
    {"gzip;q=0.9999", "gzip", 999},
    {"gzip;q=", "gzip", 1000},
    {"gzip;q=x", "gzip", 1000},
    {"gzip;q", "gzip", 1000},
    {"gzip;", "gzip", 1000},
    {"gzip;Q=0.2", "gzip", 200},
    {"gzip;q=0.2,gzip;q=0.7", "gzip", 700},
    {"text/plain;version=0.0.4;q=0.3", "text/plain", 300},
    {"text/plain;quality=9;q=0.3", "text/plain", 300},
    {"text/plain;version=0.0.4,*/*;q=0.1", "text/plain", 1000},
    {"text/plain;version=0.0.4,*/*;q=0.1", "*/*", 100},
};

static void accept_weights(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof weights / sizeof *weights; i++) {
        int weight = accept_weight(weights[i].header, weights[i].name);
        if (weight != weights[i].weight)
            fail_msg("%s in \"%s\": %d", weights[i].name, weights[i].header, weight);
    }
}

static void encodings(void **state)
{
    (void)state;
    assert_true(accepts_gzip("*"));
    assert_true(accepts_gzip("br, *;q=0.1"));
    assert_true(accepts_gzip("x-gzip"));
    assert_false(accepts_gzip(NULL));
    assert_false(accepts_gzip("identity"));
    assert_false(accepts_gzip("gzip;q=0, *"));
    assert_false(accepts_gzip("*;q=0"));
}

static void html(void **state)
{
    (void)state;
    assert_true(accepts_html("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
    assert_true(accepts_html("text/*"));
    assert_false(accepts_html("*/*"));
    assert_false(accepts_html("text/html;q=0, text/*"));
    assert_false(accepts_html("application/json"));
    assert_false(accepts_html(NULL));
}

static void metrics(void **state)
{
    (void)state;
    /* What Prometheus 2.42 sends, and what older ones did. */
    assert_false(
        prefers_plain_metrics("application/openmetrics-text;version=1.0.0,application/openmetrics-text;"
                              "version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
    assert_true(prefers_plain_metrics("text/plain;version=0.0.4;q=1,*/*;q=0.1"));
    assert_true(prefers_plain_metrics("text/plain"));
    assert_true(prefers_plain_metrics("text/plain, application/openmetrics-text;q=0"));
    assert_false(prefers_plain_metrics("*/*"));
    assert_false(prefers_plain_metrics(NULL));
    assert_false(prefers_plain_metrics("application/json"));
}

static void etags(void **state)
{
    (void)state;
    struct stat about = {.st_ino = 0xabc, .st_size = 16, .st_mtim = {2, 5}};
    char plain[ETAG_SIZE];
    char inflated[ETAG_SIZE];
    char gzip[ETAG_SIZE];
    etag_make(&about, ENCODING_AS_IS, plain);
    etag_make(&about, ENCODING_INFLATED, inflated);
    etag_make(&about, ENCODING_GZIP, gzip);
    assert_string_equal(plain, "\"abc-10-77359405\"");
    assert_string_not_equal(plain, inflated);
    assert_string_not_equal(plain, gzip);
    assert_string_not_equal(inflated, gzip);
    assert_true(etag_listed(plain, plain, false));
    assert_true(etag_listed("\"x\" ,W/\"abc-10-77359405\"", plain, false));
    assert_true(etag_listed("*", plain, false));
    assert_false(etag_listed(NULL, plain, false));
    assert_false(etag_listed("abc-10-77359405", plain, false));
    assert_false(etag_listed("\"abc-10-77359405", plain, false));
    assert_false(etag_listed(inflated, plain, false));
    assert_true(etag_listed("\"x\", \"abc-10-77359405\"", plain, true));
    assert_true(etag_listed("*", plain, true));
    assert_false(etag_listed("W/\"abc-10-77359405\"", plain, true));
}

static void dates(void **state)
{
    (void)state;
    char text[HTTP_DATE_SIZE];
    http_date(784111777, text); /* the example of RFC 9110, 5.6.7 */
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accept_weights),
        cmocka_unit_test(encodings),
        cmocka_unit_test(html),
        cmocka_unit_test(metrics),
        cmocka_unit_test(etags),
        cmocka_unit_test(dates),
    };
    return cmocka_run_group_tests_name("negotiate", tests, NULL, NULL);
}
