#include "exporter/inventory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/log.h"
#include "common/memory.h"
#include "exporter/folders.h"
#include "exporter/inventory_look.h"

struct inventory inventory_make(void)
{
    return (struct inventory){.arena = arena_make(SIZE_MAX)};
}

void inventory_free(struct inventory *inventory)
{
    arena_free(&inventory->arena);
    free(inventory->items);
    *inventory = inventory_make();
}

/* ---- what things are known by ---- */

static uint64_t hash_numbers(const uint64_t *numbers, size_t count)
{
    return XXH64(numbers, count * sizeof *numbers, 0);
}

static uint64_t before_of(const struct stat *status)
{
    const uint64_t numbers[] = {status->st_ino, (uint64_t)status->st_size, status->st_mode & S_IFMT,
        (uint64_t)status->st_mtim.tv_sec, (uint64_t)status->st_mtim.tv_nsec};
    return hash_numbers(numbers, sizeof numbers / sizeof *numbers);
}

uint64_t inventory_mark(const struct stat *status)
{
    const uint64_t numbers[] = {
        before_of(status), (uint64_t)status->st_ctim.tv_sec, (uint64_t)status->st_ctim.tv_nsec};
    return hash_numbers(numbers, sizeof numbers / sizeof *numbers);
}

/* ---- filling ---- */

static void make_room(struct inventory *inventory, uint32_t count)
{
    inventory->capacity = count;
    inventory->items = memory_resize(inventory->items, count, sizeof *inventory->items);
}

static struct inventory_item *append(struct inventory *inventory, const char *path, size_t length)
{
    if (inventory->count == inventory->capacity)
        make_room(inventory, inventory->capacity ? inventory->capacity * 2 : 256);
    const char *copy = arena_copy(&inventory->arena, path, length);
    if (!copy)
        log_fatal("out of memory for a list of %u files; raise the memory limit", inventory->count);
    const char *slash = strrchr(copy, '/');
    struct inventory_item *item = &inventory->items[inventory->count++];
    *item = (struct inventory_item){.path = copy, .name_at = slash ? (uint32_t)(slash + 1 - copy) : 0};
    return item;
}

void inventory_add(struct inventory *inventory, const char *path, const struct stat *status, bool unsettled)
{
    struct inventory_item *item = append(inventory, path, strlen(path));
    item->unsettled = unsettled;
    item->before = before_of(status);
    item->mark = inventory_mark(status);
}

void inventory_unsettle(struct inventory *inventory, const char *path, const struct stat *status)
{
    for (uint32_t i = inventory->count; i-- > 0;) {
        if (strcmp(inventory->items[i].path, path) == 0) {
            inventory->items[i].unsettled = true;
            inventory->items[i].before = before_of(status);
            return;
        }
    }
}

void inventory_carry(
    struct inventory *inventory, const struct inventory *from, const struct inventory_item *item)
{
    struct inventory_item *copy = append(inventory, item->path, strlen(item->path));
    copy->mark = item->mark;
    copy->carried = (uint32_t)(item - from->items) + 1;
}

void inventory_add_folder(struct inventory *inventory, const char *path)
{
    char with_slash[PATH_MAX];
    size_t length = strlen(path);
    if (length + 2 > sizeof with_slash)
        log_bug("inventory: a path of %zu bytes", length);
    memcpy(with_slash, path, length);
    memcpy(with_slash + length, "/", 2);
    append(inventory, with_slash, length + 1)->unsettled = true;
}

/* ---- taking stock ---- */

static void add_root_name(void *context, const char *name)
{
    uint64_t *sum = context;
    if (name[0] != '.' && strcmp(name, "status.json") != 0)
        *sum += XXH64(name, strlen(name), 0);
}

/* Those that were carried were in order where they came from: that is told faster than by their paths. */
static int compare_paths(const void *left, const void *right)
{
    uint32_t a = ((const struct inventory_item *)left)->carried;
    uint32_t b = ((const struct inventory_item *)right)->carried;
    if (a && b)
        return (a > b) - (a < b);
    return strcmp(((const struct inventory_item *)left)->path, ((const struct inventory_item *)right)->path);
}

static void sort(struct inventory *inventory)
{
    if (inventory->count)
        qsort(inventory->items, inventory->count, sizeof *inventory->items, compare_paths);
}

const struct inventory_item *inventory_find(const struct inventory *inventory, const char *path)
{
    const struct inventory_item key = {.path = path};
    return inventory->count ? bsearch(&key, inventory->items, inventory->count, sizeof key, compare_paths)
                            : NULL;
}

/* The folders that files are in, each once. */
static void add_folders_of_files(struct inventory *inventory)
{
    sort(inventory);
    const char *last = "";
    size_t last_length = 0;
    for (uint32_t i = 0, files = inventory->count; i < files; i++) {
        const struct inventory_item *item = &inventory->items[i];
        if (item->name_at == 0 ||
            (item->name_at == last_length && memcmp(item->path, last, last_length) == 0))
            continue;
        last = item->path;
        last_length = item->name_at;
        append(inventory, last, last_length)->unsettled = true;
    }
    sort(inventory);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < inventory->count; i++) {
        if (!kept || compare_paths(&inventory->items[i], &inventory->items[kept - 1]) != 0)
            inventory->items[kept++] = inventory->items[i];
    }
    inventory->count = kept;
}

/* The kernel stamps files with the time of its last tick (10 ms or less): what is written in this tick cannot
 * be told from what was written before, what is written from the next one on can. */
static void wait_for_next_tick(const struct timespec *last)
{
    struct timespec now, pause = {.tv_nsec = 500000};
    while (clock_gettime(CLOCK_MONOTONIC_COARSE, &now),
        now.tv_sec == last->tv_sec && now.tv_nsec == last->tv_nsec)
        nanosleep(&pause, NULL);
}

void inventory_changed_now(struct inventory *inventory)
{
    clock_gettime(CLOCK_MONOTONIC_COARSE, &inventory->last_change);
}

static bool take_stock(struct inventory_item *item, const struct stat *status)
{
    bool same = inventory_is_folder(item) || before_of(status) == item->before;
    item->mark = same ? inventory_mark(status) : 0;
    item->unsettled = false;
    return same;
}

bool inventory_complete(struct inventory *inventory, int root_fd, unsigned threads, const char **path)
{
    add_folders_of_files(inventory);
    if (!inventory->last_change.tv_sec && !inventory->last_change.tv_nsec)
        inventory_changed_now(inventory);
    wait_for_next_tick(&inventory->last_change);
    bool complete = inventory_look(inventory, root_fd, true, take_stock, threads, path);
    inventory->root_names = 0;
    if (complete && !folders_list(root_fd, ".", false, add_root_name, &inventory->root_names)) {
        *path = "";
        complete = false;
    }
    return complete;
}

static bool is_as_marked(struct inventory_item *item, const struct stat *status)
{
    return inventory_mark(status) == item->mark;
}

bool inventory_stands(const struct inventory *inventory, int root_fd, unsigned threads, const char **path)
{
    uint64_t root_names = 0;
    *path = "";
    return folders_list(root_fd, ".", false, add_root_name, &root_names) &&
           root_names == inventory->root_names &&
           inventory_look(inventory, root_fd, false, is_as_marked, threads, path);
}

/* ---- as MessagePack: paths in order, each without what it shares with the one before ---- */

static uint32_t shared_length(const char *left, const char *right)
{
    uint32_t at = 0;
    while (left[at] && left[at] == right[at])
        at++;
    return at;
}

void inventory_write(const struct inventory *inventory, msgpack_packer *packer)
{
    const char *last = "";
    pack_write_uint(packer, inventory->root_names);
    pack_write_array(packer, inventory->count * 3);
    for (uint32_t i = 0; i < inventory->count; i++) {
        const char *path = inventory->items[i].path;
        uint32_t shared = shared_length(last, path);
        pack_write_uint(packer, shared);
        pack_write_text(packer, (struct text){path + shared, (uint32_t)strlen(path + shared)});
        pack_write_uint(packer, inventory->items[i].mark);
        last = path;
    }
}

void inventory_read(struct inventory *inventory, struct pack_reader *pack)
{
    char path[PATH_MAX] = "";
    size_t length = 0;
    inventory->root_names = pack_read_uint(pack, UINT64_MAX);
    uint32_t count = pack_read_array(pack, INVENTORY_ITEMS_MAX * 3);
    pack->failed |= count % 3 != 0;
    if (!pack->failed && count)
        make_room(inventory, inventory->count + count / 3);
    for (uint32_t i = 0; i < count / 3 && !pack->failed; i++) {
        size_t shared = pack_read_uint(pack, length);
        struct text rest = pack_read_text(pack, (uint32_t)(sizeof path - 1 - shared));
        uint64_t mark = pack_read_uint(pack, UINT64_MAX);
        /* Greater than the one before, and a string. */
        if (pack->failed || !rest.length || memchr(rest.data, 0, rest.length) ||
            (shared < length && (uint8_t)rest.data[0] <= (uint8_t)path[shared])) {
            pack->failed = true;
            return;
        }
        memcpy(path + shared, rest.data, rest.length);
        length = shared + rest.length;
        path[length] = 0;
        pack->failed = path[0] == '/';
        append(inventory, path, length)->mark = mark;
    }
}
