#include "coordinator/reload.h"

#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "coordinator/politeness_store.h"
#include "coordinator/welcome.h"

struct refresh_policy reload_policy(const struct config *config)
{
    return (struct refresh_policy){
        .max_age_ms = config->refresh.max_age_h * 3600 * 1000,
        .retries = (uint32_t)config->refresh.retries,
        .backoff_ms = config->refresh.backoff_s * 1000,
        .backoff_most_ms = RELOAD_BACKOFF_MOST_MS,
        .confirm_shrink = (uint32_t)config->refresh.confirm_shrink,
    };
}

struct dispatch_options reload_dispatch_options(const struct config *config)
{
    int64_t lease_ms = config->workers.lease_s * 1000, heartbeat_ms = lease_ms / RELOAD_BEATS_IN_LEASE;
    struct dispatch_options options = {
        .welcome = welcome_make(config, heartbeat_ms),
        .heartbeat_ms = heartbeat_ms,
        .lease_ms = lease_ms,
        .max_in_flight = (unsigned)config->politeness.max_in_flight,
        .max_per_key = (unsigned)config->workers.max_per_key,
    };
    size_t length = strlen(config->local_sockets.results);
    if (length >= sizeof options.local_results)
        log_bug("sockets.results is longer than %zu bytes", sizeof options.local_results - 1);
    memcpy(options.local_results, config->local_sockets.results, length + 1);
    return options;
}

struct collect_options reload_collect_options(const struct config *config)
{
    return (struct collect_options){
        .commit_ms = config->store.commit_ms,
        .commit_results = (unsigned)config->store.commit_results,
    };
}

void reload_keep_catalogue(const struct catalogue *catalogue, struct store *store)
{
    struct buffer now = buffer_make(CATALOGUE_ENCODED_MAX), kept = buffer_make(CATALOGUE_ENCODED_MAX);
    catalogue_encode(catalogue, &now);
    bool known = store_get_meta(store, RECORD_META_CATALOGUE, &kept) == STORE_META_FOUND;
    if (!known || kept.length != now.length || memcmp(kept.data, now.data, now.length) != 0) {
        store_put_meta(store, RECORD_META_CATALOGUE, now.data, now.length);
        store_commit(store);
    }
    buffer_free(&now);
    buffer_free(&kept);
}

/* The plan's places move with the catalogue, and everything that holds one moves with them. */
static void take_catalogue(const struct reload_parts *parts, int64_t now_ms, int64_t wall_ms)
{
    uint32_t before = plan_count(parts->plan);
    uint32_t *moved = plan_rebuild(parts->plan);
    dispatch_move(parts->dispatch, moved);
    free(moved);
    /* The store is asked for what it has of the newcomers: it must have all that was put. */
    collect_settle(parts->collect);
    refresh_run_learn(parts->refresh, now_ms, wall_ms);
    reload_keep_catalogue(&parts->settings->catalogue, parts->store);
    publisher_require(parts->publisher);
    log_info("reload: %u combinations instead of %u, %u not fetched yet", plan_count(parts->plan), before,
        plan_missing(parts->plan));
}

void reload(const struct reload_parts *parts, int64_t now_ms, int64_t wall_ms)
{
    const struct config *config = &parts->settings->config;
    bool catalogue_changed;
    if (!settings_reload(parts->settings, &catalogue_changed))
        return;
    log_set(config->log.level, config->log.format);
    *parts->policy = reload_policy(config);
    if (catalogue_changed)
        take_catalogue(parts, now_ms, wall_ms);
    refresh_run_reckon(parts->refresh, now_ms, wall_ms);
    refresh_run_set_daily(parts->refresh, config->refresh.daily_at);
    struct collect_options collecting = reload_collect_options(config);
    collect_set_options(parts->collect, &collecting);
    publisher_set_limits(parts->publisher);
    struct politeness_options politeness = politeness_store_options(config);
    politeness_set_options(parts->politeness, &politeness, now_ms);
    struct dispatch_options dispatching = reload_dispatch_options(config);
    dispatch_set_options(parts->dispatch, &dispatching);
    local_pool_set_config(parts->pool, config);
}
