/* Any robots.txt: read within bounds, the same twice, and what it says fits together. */
#include <assert.h>
#include <string.h>

#include "worker/robots_rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const paths[] = {
        "/leaderboard/listing/0?track=1&car_class=class-1&start=0&count=1500", "/leaderboard/?track=1"};
    static const char agent[] = "r3e-leaderboard/1.0";
    struct robots_rules both = robots_rules_read(data, size, agent, paths, 2);
    struct robots_rules first = robots_rules_read(data, size, agent, paths, 1);
    struct robots_rules second = robots_rules_read(data, size, agent, paths + 1, 1);
    assert(both.allowed == (first.allowed && second.allowed));
    assert(both.crawl_delay_ms == first.crawl_delay_ms && both.crawl_delay_ms <= ROBOTS_RULES_DELAY_MOST);
    assert(both.allowed == (both.pattern[0] == 0));
    assert(memchr(both.pattern, 0, sizeof both.pattern));
    return 0;
}
