#include "tests/upstream/catalogue.h"

#include "tests/upstream/random.h"

#include <errno.h>
#include <libconfig.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static struct catalogue_item *allocate_items(size_t count)
{
    struct catalogue_item *items = calloc(count, sizeof *items);
    if (!items) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
    return items;
}

__attribute__((format(printf, 3, 4))) static void set_item(
    struct catalogue_item *item, uint32_t id, const char *format, ...)
{
    item->id = id;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&item->name, format, arguments);
    va_end(arguments);
    if (length < 0) {
        fputs("r3e-upstream: out of memory\n", stderr);
        abort();
    }
}

void catalogue_make(struct catalogue *catalogue, size_t tracks, size_t classes, uint64_t seed)
{
    static const char *const CIRCUITS[] = {"Brands Hatch", "Nürburgring", "Circuit de Spa-Francorchamps",
        "Autódromo do Algarve", "Anderstorp", "Mantorp Park", "Red Bull Ring Spielberg", "Monza Circuit",
        "Imola", "Zandvoort", "Masaryk Circuit \"Brno\"", "Slovakia Ring", "Suzuka 鈴鹿", "Macau",
        "Bathurst Circuit", "Laguna Seca", "Lausitzring", "Sachsenring", "Hockenheimring", "Norisring",
        "Zolder", "Salzburgring"};
    static const char *const LAYOUTS[] = {
        "Grand Prix", "Indy", "National", "Club", "Short", "Nordschleife 24h", "Joker Lap", "North-South"};
    static const char *const SERIES[] = {"GTR", "GT", "WTCC", "DTM", "Touring Classics", "Formula RaceRoom",
        "Porsche Carrera Cup", "Audi Sport TT Cup", "Group C", "Hillclimb Icons", "Procar", "Truck Racing"};
    enum {
        CIRCUIT_COUNT = sizeof CIRCUITS / sizeof CIRCUITS[0],
        LAYOUT_COUNT = sizeof LAYOUTS / sizeof LAYOUTS[0],
        SERIES_COUNT = sizeof SERIES / sizeof SERIES[0]
    };
    *catalogue = (struct catalogue){allocate_items(tracks), tracks, allocate_items(classes), classes};
    uint32_t id = 253;
    for (size_t i = 0; i < tracks; i++) {
        size_t round = i / ((size_t)CIRCUIT_COUNT * LAYOUT_COUNT);
        set_item(&catalogue->tracks[i], id, round ? "%s - %s %zu" : "%s - %s",
            CIRCUITS[i / LAYOUT_COUNT % CIRCUIT_COUNT], LAYOUTS[i % LAYOUT_COUNT], round + 1);
        id += 1 + random_below(random_mix(seed ^ id), 150);
    }
    id = 1685;
    for (size_t i = 0; i < classes; i++) {
        set_item(&catalogue->classes[i], id, "%s %zu", SERIES[i % SERIES_COUNT], i / SERIES_COUNT + 1);
        id += 1 + random_below(random_mix(seed ^ ~(uint64_t)id), 250);
    }
}

void catalogue_make_worked_example(struct catalogue *catalogue)
{
    *catalogue = (struct catalogue){allocate_items(2), 2, allocate_items(1), 1};
    set_item(&catalogue->tracks[0], 1671, "Monza Circuit - Grand Prix");
    set_item(&catalogue->tracks[1], 1850, "Imola - Grand Prix");
    set_item(&catalogue->classes[0], 1703, "GTR 3");
}

static int compare_items(const void *left, const void *right)
{
    uint32_t a = ((const struct catalogue_item *)left)->id;
    uint32_t b = ((const struct catalogue_item *)right)->id;
    return (a > b) - (a < b);
}

// Reads one { id; name; } group; false after saying what is wrong with it.
static bool read_item(
    const char *file, const char *list, const config_setting_t *group, struct catalogue_item *item)
{
    int id = 0;
    const char *name = NULL;
    if (!config_setting_lookup_int(group, "id", &id) || id <= 0 ||
        !config_setting_lookup_string(group, "name", &name) || strlen(name) > CATALOGUE_NAME_MAX) {
        fprintf(stderr,
            "r3e-upstream: %s:%u: %s: expected { id = 1..%d; name = \"...\"; } with at most %d bytes of "
            "name\n",
            file, config_setting_source_line(group), list, INT_MAX, CATALOGUE_NAME_MAX);
        return false;
    }
    set_item(item, (uint32_t)id, "%s", name);
    return true;
}

static bool read_list(
    const config_t *config, const char *file, const char *list, struct catalogue_item **items, size_t *count)
{
    const config_setting_t *setting = config_lookup(config, list);
    int length = setting && config_setting_is_list(setting) ? config_setting_length(setting) : 0;
    if (length < 1 || length > CATALOGUE_ITEMS_MAX) {
        fprintf(stderr, "r3e-upstream: %s: expected a list \"%s\" with 1 to %d groups\n", file, list,
            CATALOGUE_ITEMS_MAX);
        return false;
    }
    *items = allocate_items((size_t)length);
    for (*count = 0; *count < (size_t)length; ++*count)
        if (!read_item(file, list, config_setting_get_elem(setting, (unsigned)*count), &(*items)[*count]))
            return false;
    qsort(*items, *count, sizeof **items, compare_items);
    for (size_t i = 1; i < *count; i++) {
        if ((*items)[i].id == (*items)[i - 1].id) {
            fprintf(stderr, "r3e-upstream: %s: %s: id %u is there twice\n", file, list, (*items)[i].id);
            return false;
        }
    }
    return true;
}

bool catalogue_read(struct catalogue *catalogue, const char *file)
{
    *catalogue = (struct catalogue){0};
    config_t config;
    config_init(&config);
    bool read = false;
    if (config_read_file(&config, file) != CONFIG_TRUE)
        fprintf(stderr, "r3e-upstream: %s:%d: %s\n", file, config_error_line(&config),
            config_error_text(&config));
    else
        read = read_list(&config, file, "tracks", &catalogue->tracks, &catalogue->track_count) &&
               read_list(&config, file, "classes", &catalogue->classes, &catalogue->class_count);
    config_destroy(&config);
    if (!read)
        catalogue_free(catalogue);
    return read;
}

static void add_list(
    config_setting_t *root, const char *name, const struct catalogue_item *items, size_t count)
{
    config_setting_t *list = config_setting_add(root, name, CONFIG_TYPE_LIST);
    for (size_t i = 0; i < count; i++) {
        config_setting_t *group = config_setting_add(list, NULL, CONFIG_TYPE_GROUP);
        config_setting_set_int(config_setting_add(group, "id", CONFIG_TYPE_INT), (int)items[i].id);
        config_setting_set_string(config_setting_add(group, "name", CONFIG_TYPE_STRING), items[i].name);
    }
}

bool catalogue_write(const struct catalogue *catalogue, const char *file)
{
    config_t config;
    config_init(&config);
    config_setting_t *root = config_root_setting(&config);
    add_list(root, "tracks", catalogue->tracks, catalogue->track_count);
    add_list(root, "classes", catalogue->classes, catalogue->class_count);
    bool written = config_write_file(&config, file) == CONFIG_TRUE;
    if (!written)
        fprintf(stderr, "r3e-upstream: cannot write the catalogue %s: %s\n", file, strerror(errno));
    config_destroy(&config);
    return written;
}

static void free_items(struct catalogue_item *items, size_t count)
{
    for (size_t i = 0; items && i < count; i++)
        free(items[i].name);
    free(items);
}

void catalogue_free(struct catalogue *catalogue)
{
    free_items(catalogue->tracks, catalogue->track_count);
    free_items(catalogue->classes, catalogue->class_count);
    *catalogue = (struct catalogue){0};
}

ptrdiff_t catalogue_find(const struct catalogue_item *items, size_t count, uint32_t id)
{
    struct catalogue_item key = {.id = id};
    const struct catalogue_item *found = bsearch(&key, items, count, sizeof *items, compare_items);
    return found ? found - items : -1;
}
