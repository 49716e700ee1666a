#include "exporter/details.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "exporter/spread.h"

#define TRACKS "tracks"

#define PATH_SIZE 64

struct track {
    struct publication *publication;
    struct snapshot *snapshot;
    struct guard *guard;
    const struct snapshot_board *boards; /* of one track */
    const bool *kept;                    /* by the same places */
    uint32_t count, id;
    char path[PATH_SIZE]; /* tracks/track_<id> */
};

static void __attribute__((format(printf, 2, 3)))
set_path(char out[static PATH_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(out, PATH_SIZE, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_SIZE)
        log_bug("details: a path is longer than %d bytes", PATH_SIZE);
}

/* The number in a name of the form PREFIX number SUFFIX as we write it (no sign, no leading zero); false for
 * others. */
static bool id_in_name(const char *name, const char *prefix, const char *suffix, uint32_t *id)
{
    char again[PATH_SIZE];
    size_t skip = strlen(prefix);
    if (strncmp(name, prefix, skip) != 0 || name[skip] < '0' || name[skip] > '9')
        return false;
    unsigned long number = strtoul(name + skip, NULL, 10);
    if (number > UINT32_MAX)
        return false;
    *id = (uint32_t)number;
    set_path(again, "%s%" PRIu32 "%s", prefix, *id, suffix);
    return strcmp(again, name) == 0;
}

static int compare_class(const void *key, const void *board)
{
    uint32_t id = *(const uint32_t *)key, other = ((const struct snapshot_board *)board)->class_id;
    return (id > other) - (id < other);
}

static void remove_stale_class(void *context, const char *name)
{
    const struct track *track = context;
    uint32_t class_id;
    char path[PATH_SIZE];
    if (!id_in_name(name, "class_", ".json.gz", &class_id))
        return;
    if (track->count && bsearch(&class_id, track->boards, track->count, sizeof *track->boards, compare_class))
        return;
    set_path(path, "%s/class_%" PRIu32 ".json.gz", track->path, class_id);
    publication_remove(track->publication, path);
}

static bool write_new_folder(const struct track *track)
{
    char name[PATH_SIZE];
    if (!publication_new_folder_begin(track->publication, track->path))
        return false;
    for (uint32_t i = 0; i < track->count; i++) {
        const struct snapshot_board *board = &track->boards[i];
        if (board->broken)
            continue;
        set_path(name, "class_%" PRIu32 ".json.gz", board->class_id);
        if (!guard_ok(track->guard) ||
            !publication_new_folder_add(track->publication, track->path, name, board->detail))
            return false;
        snapshot_touched_value(track->snapshot, board->detail);
    }
    return publication_new_folder_end(track->publication, track->path);
}

static bool update_folder(struct track *track)
{
    char path[PATH_SIZE];
    if (!publication_list_and_sweep(track->publication, track->path, remove_stale_class, track))
        return false;
    for (uint32_t i = 0; i < track->count; i++) {
        const struct snapshot_board *board = &track->boards[i];
        if (board->broken || track->kept[i])
            continue;
        set_path(path, "%s/class_%" PRIu32 ".json.gz", track->path, board->class_id);
        if (!guard_ok(track->guard) || !publication_put(track->publication, path, board->detail))
            return false;
        snapshot_touched_value(track->snapshot, board->detail);
    }
    return true;
}

static bool has_sound_board(const struct track *track)
{
    for (uint32_t i = 0; i < track->count; i++) {
        if (!track->boards[i].broken)
            return true;
    }
    return false;
}

static bool write_track(struct track *track, bool link)
{
    char name[PATH_SIZE];
    set_path(track->path, TRACKS "/track_%" PRIu32, track->id);
    set_path(name, "track_%" PRIu32, track->id);
    bool present = publication_has_folder(track->publication, track->path);
    if (!present && !has_sound_board(track))
        return true;
    if (!(present ? update_folder(track) : write_new_folder(track)))
        return false;
    return !link || publication_symlink(track->publication, name, track->path);
}

/* ---- what is no longer there ---- */

struct stale {
    struct publication *publication;
    const struct snapshot *snapshot;
    bool links; /* symbolic links are wanted */
};

static int compare_track(const void *key, const void *board)
{
    uint32_t id = *(const uint32_t *)key, other = ((const struct snapshot_board *)board)->track_id;
    return (id > other) - (id < other);
}

static bool has_track(const struct snapshot *snapshot, uint32_t id)
{
    return snapshot->board_count &&
           bsearch(&id, snapshot->boards, snapshot->board_count, sizeof *snapshot->boards, compare_track);
}

static void remove_stale_track(void *context, const char *name)
{
    const struct stale *stale = context;
    struct track track = {.publication = stale->publication};
    if (!id_in_name(name, "track_", "", &track.id) || has_track(stale->snapshot, track.id))
        return;
    set_path(track.path, TRACKS "/track_%" PRIu32, track.id);
    publication_list_and_sweep(stale->publication, track.path, remove_stale_class, &track);
    publication_remove_folder(stale->publication, track.path);
}

static void remove_stale_link(void *context, const char *name)
{
    const struct stale *stale = context;
    char target[PATH_SIZE];
    uint32_t id;
    if (!id_in_name(name, "track_", "", &id) || (stale->links && has_track(stale->snapshot, id)))
        return;
    set_path(target, TRACKS "/track_%" PRIu32, id);
    if (publication_has_symlink(stale->publication, name, target))
        publication_remove(stale->publication, name);
}

void details_keep(
    struct publication *publication, const struct snapshot *snapshot, const bool *changed, bool *kept)
{
    char path[PATH_SIZE];
    for (uint32_t i = 0; i < snapshot->board_count; i++) {
        const struct snapshot_board *board = &snapshot->boards[i];
        set_path(
            path, TRACKS "/track_%" PRIu32 "/class_%" PRIu32 ".json.gz", board->track_id, board->class_id);
        kept[i] = !changed[i] && !board->broken && publication_keep(publication, path);
    }
}

bool details_write(struct publication *publication, struct snapshot *snapshot, const bool *kept, bool links,
    struct guard *guard)
{
    struct stale stale = {publication, snapshot, links};
    if (!publication_folder(publication, TRACKS))
        return false;
    spread_subfolders(publication->root_fd, TRACKS);
    if (!publication_list(publication, TRACKS, remove_stale_track, &stale) ||
        !publication_list(publication, ".", remove_stale_link, &stale))
        return false;
    uint32_t end;
    for (uint32_t start = 0; start < snapshot->board_count; start = end) {
        struct track track = {.publication = publication, .snapshot = snapshot, .guard = guard};
        track.boards = snapshot->boards + start;
        track.kept = kept + start;
        track.id = track.boards->track_id;
        for (end = start; end < snapshot->board_count && snapshot->boards[end].track_id == track.id; end++)
            track.count++;
        if (!write_track(&track, links))
            return false;
    }
    return true;
}
