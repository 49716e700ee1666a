#include "coordinator/storage.h"

#include "common/log.h"

struct storage storage_make(struct store *store, struct holds *holds, struct loop *loop,
    struct collect *collect, void *results, const struct disk_room *room)
{
    return (struct storage){
        .store = store, .holds = holds, .loop = loop, .collect = collect, .results = results, .room = *room};
}

static void hold_jobs(struct storage *storage, const char *why, int64_t now_ms)
{
    if (holds_set(storage->holds, HOLD_DISK_FULL, HOLD_FOREVER, now_ms, "%s", why))
        log_error("%s; fetching pauses until there is room, everything published stays", why);
}

static void release_jobs(struct storage *storage, int64_t now_ms)
{
    if (!holds_clear(storage->holds, HOLD_DISK_FULL, now_ms))
        return;
    log_info("there is room on the disk again; fetching goes on");
    collect_flush(storage->collect);
}

static void fail(struct storage *storage, const char *why, int64_t now_ms)
{
    if (holds_set(storage->holds, HOLD_STORE_ERROR, HOLD_FOREVER, now_ms, "%s", why))
        log_error("%s; nothing is acknowledged any more, the coordinator ends", why);
    storage->failed = true;
}

/* While the store does not take what is collected. */
static void set_deaf(struct storage *storage, bool deaf)
{
    if (deaf == storage->deaf)
        return;
    storage->deaf = deaf;
    if (deaf)
        loop_remove_socket(storage->loop, storage->results);
    else
        loop_add_own_socket(storage->loop, storage->results, collect_readable, storage->collect);
}

int64_t storage_tick(struct storage *storage, int64_t now_ms)
{
    char problem[STORE_PROBLEM_SIZE];
    enum store_health health = store_health(storage->store, problem);
    bool full = disk_room_is_full(&storage->room, now_ms);
    if (health == STORE_FAILED)
        fail(storage, problem, now_ms);
    else if (health == STORE_WAITS)
        hold_jobs(storage, problem, now_ms);
    else if (full)
        hold_jobs(storage, storage->room.text, now_ms);
    else
        release_jobs(storage, now_ms);
    set_deaf(storage, health != STORE_WELL && store_open_bytes(storage->store) > STORAGE_OPEN_MOST);
    return storage->room.floor_bytes ? DISK_ROOM_LOOK_MS : LOOP_SLEEP_FOREVER;
}

bool storage_has_failed(const struct storage *storage)
{
    return storage->failed;
}
