#include "coordinator/politeness_store.h"

#include <string.h>

#include "common/clock.h"
#include "common/log.h"

/* A verdict on robots.txt is one for this service, this name of ours and these pages. */
static uint64_t robots_subject(const struct config *config)
{
    uint64_t parts[] = {record_checksum(config->upstream.base_url, strlen(config->upstream.base_url)),
        record_checksum(config->upstream.user_agent, strlen(config->upstream.user_agent)),
        config->upstream.session};
    return record_checksum(parts, sizeof parts) % POLITENESS_RECORD_SUBJECT_MAX;
}

struct politeness_options politeness_store_options(const struct config *config)
{
    return (struct politeness_options){
        .rate_per_s = config->politeness.rate_per_s,
        .burst = (double)config->politeness.burst,
        .robots = config->politeness.robots,
        .robots_subject = robots_subject(config),
        .respect_retry_after = config->politeness.respect_retry_after,
        .breaker_failures = (unsigned)config->politeness.breaker_failures,
        .breaker_pause_ms = config->politeness.breaker_pause_s * 1000,
    };
}

struct politeness *politeness_store_open(
    const struct config *config, struct store *store, struct holds *holds, int64_t now_ms)
{
    struct politeness_options options = politeness_store_options(config);
    struct politeness *politeness = politeness_open(&options, holds, now_ms);
    struct politeness_record record;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    if (store_epoch(store) > 1)
        politeness_drain(
            politeness, now_ms); /* an earlier one may have been killed before it kept anything */
    enum store_meta found = store_get_meta(store, RECORD_META_POLITENESS, &json);
    if (found != STORE_META_ABSENT) {
        bool sound = found == STORE_META_FOUND && politeness_record_decode(json.data, json.length, &record);
        if (!sound)
            log_warn(
                "the state of the rate limit in the store cannot be read; the crawl begins at half the rate");
        politeness_restore(politeness, sound ? &record : NULL, now_ms, clock_wall_ms());
    }
    buffer_free(&json);
    return politeness;
}

bool politeness_store_keep(struct politeness *politeness, struct store *store, int64_t now_ms)
{
    struct politeness_record record;
    if (!politeness_take_change(politeness))
        return false;
    struct buffer json = buffer_make(POLITENESS_RECORD_MAX);
    politeness_save(politeness, &record, now_ms, clock_wall_ms());
    politeness_record_encode(&record, &json);
    store_put_meta(store, RECORD_META_POLITENESS, json.data, json.length);
    buffer_free(&json);
    return true;
}
