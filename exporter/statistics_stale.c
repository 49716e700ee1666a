#include "exporter/statistics_stale.h"

#include <stdio.h>
#include <string.h>

#include "common/log.h"
#include "exporter/statistics_files.h"
#include "exporter/statistics_index.h"

struct stale {
    struct publication *publication;
    const struct statistics_scopes *scopes;
    enum statistics_scope_type type; /* whose folder is looked through */
};

/* What stands before `_<sort>.json.gz` in `name`, if it could be an id. */
static bool id_in_name(const char *name, enum statistics_sort sort, char id[static STATISTICS_ID_SIZE])
{
    char ending[64];
    int length = snprintf(ending, sizeof ending, "_%s" STATISTICS_SUFFIX, statistics_sort_name(sort));
    size_t whole = strlen(name);
    if (length < 0 || (size_t)length >= sizeof ending || whole < (size_t)length ||
        whole - (size_t)length >= STATISTICS_ID_SIZE || strcmp(name + whole - (size_t)length, ending) != 0)
        return false;
    memcpy(id, name, whole - (size_t)length);
    id[whole - (size_t)length] = 0;
    return true;
}

static bool could_be_ours(enum statistics_scope_type type, const char *id)
{
    switch (type) {
    case STATISTICS_SCOPE_OVERALL:
        return strcmp(id, STATISTICS_OVERALL) == 0 || strcmp(id, STATISTICS_OVERALL_TOP) == 0;
    case STATISTICS_SCOPE_CLASS:
        return *id && *id != '0' && strspn(id, "0123456789") == strlen(id);
    case STATISTICS_SCOPE_SUPERCLASS:
        return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(id);
    case STATISTICS_SCOPE_TYPE_COUNT:
        break;
    }
    return false;
}

static bool is_wanted(const struct stale *stale, const char *id)
{
    return stale->scopes && (stale->type == STATISTICS_SCOPE_OVERALL ||
                                statistics_scopes_find(stale->scopes, stale->type, id));
}

/* A name can be read in two ways: gt3_avg_bested is that of `gt3` by average or of `gt3_avg` by bested. */
static void look_at(void *context, const char *name)
{
    const struct stale *stale = context;
    char id[STATISTICS_ID_SIZE], path[STATISTICS_PATH_SIZE];
    bool ours = false;
    for (unsigned sort = 0; sort < STATISTICS_SORT_COUNT; sort++) {
        if (!id_in_name(name, (enum statistics_sort)sort, id) || !could_be_ours(stale->type, id))
            continue;
        if (is_wanted(stale, id))
            return;
        ours = true;
    }
    int length = snprintf(path, sizeof path, "%s/%s", statistics_scope_folder(stale->type), name);
    if (ours && length > 0 && (size_t)length < sizeof path)
        publication_remove(stale->publication, path);
}

bool statistics_stale_sweep(struct publication *publication)
{
    bool swept = publication_list_and_sweep(publication, STATISTICS_FOLDER, NULL, NULL);
    for (unsigned type = 0; type < STATISTICS_SCOPE_TYPE_COUNT && swept; type++) {
        const char *folder = statistics_scope_folder((enum statistics_scope_type)type);
        swept = publication_list_and_sweep(publication, folder, NULL, NULL);
    }
    return swept;
}

static void remove_index(void *context, const char *name)
{
    if (strcmp(name, STATISTICS_INDEX_NAME) == 0)
        publication_remove(context, STATISTICS_INDEX);
}

static void remove_folder(struct publication *publication, const char *path)
{
    if (publication_has_folder(publication, path))
        publication_remove_folder(publication, path);
}

bool statistics_stale_remove(struct publication *publication, const struct statistics_scopes *scopes)
{
    struct stale stale = {.publication = publication, .scopes = scopes};
    if (!scopes && !publication_list(publication, STATISTICS_FOLDER, remove_index, publication))
        return false;
    for (unsigned type = 0; type < STATISTICS_SCOPE_TYPE_COUNT; type++) {
        stale.type = (enum statistics_scope_type)type;
        const char *folder = statistics_scope_folder(stale.type);
        if (!publication_list(publication, folder, look_at, &stale))
            return false;
        if (!scopes)
            remove_folder(publication, folder);
    }
    if (!scopes)
        remove_folder(publication, STATISTICS_FOLDER);
    return true;
}
