/* The catalogue as a libconfig file: catalogue_load and catalogue_write of catalogue.h. */
#include <assert.h>
#include <string.h>

#include "common/catalogue.h"
#include "common/config_file.h"

struct loader {
    struct catalogue *catalogue;
    const char *path;
    struct config_problems *problems;
};

static void report(
    struct loader *loader, const config_setting_t *setting, const char *where, int place, const char *problem)
{
    config_problems_add(loader->problems, loader->path, config_setting_source_line(setting), "%s[%d]: %s",
        where, place, problem);
}

/* Finds the two members every element has. Reports what is missing, of a wrong type or unknown. */
static bool take_members(struct loader *loader, const config_setting_t *element, const char *where, int place,
    const char *names[static 2], const config_setting_t *members[static 2])
{
    size_t before = loader->problems->count;
    members[0] = members[1] = NULL;
    if (!config_setting_is_group(element)) {
        config_problems_add(loader->problems, loader->path, config_setting_source_line(element),
            "%s[%d]: is %s; allowed: a group { %s = …; %s = …; }", where, place,
            config_file_type_name(element), names[0], names[1]);
        return false;
    }
    for (int i = 0; i < config_setting_length(element); i++) {
        const config_setting_t *member = config_file_element(element, i);
        const char *name = config_setting_name(member);
        if (strcmp(name, names[0]) == 0)
            members[0] = member;
        else if (strcmp(name, names[1]) == 0)
            members[1] = member;
        else
            config_problems_add(loader->problems, loader->path, config_setting_source_line(member),
                "%s[%d].%.100s: unknown key; allowed: %s, %s", where, place, name, names[0], names[1]);
    }
    for (int i = 0; i < 2; i++) {
        if (!members[i])
            config_problems_add(loader->problems, loader->path, config_setting_source_line(element),
                "%s[%d].%s: missing", where, place, names[i]);
    }
    return loader->problems->count == before;
}

static bool is_integer(const config_setting_t *setting)
{
    return (config_setting_type(setting) == CONFIG_TYPE_INT ||
               config_setting_type(setting) == CONFIG_TYPE_INT64) &&
           config_setting_get_format(setting) == CONFIG_FORMAT_DEFAULT;
}

static void load_item(struct loader *loader, const config_setting_t *element, const char *where, int place)
{
    struct catalogue_items *items =
        strcmp(where, "tracks") == 0 ? &loader->catalogue->tracks : &loader->catalogue->classes;
    const char *names[] = {"id", "name"};
    const config_setting_t *members[2];
    if (!take_members(loader, element, where, place, names, members))
        return;
    assert(members[0] && members[1]);
    const char *name = config_setting_get_string(members[1]);
    if (!is_integer(members[0])) {
        report(loader, members[0], where, place, "id is not a decimal integer");
    } else if (!name) {
        report(loader, members[1], where, place, "name is not a string");
    } else {
        long long id = config_setting_get_int64(members[0]);
        const char *problem = catalogue_add_item(loader->catalogue, items, id, name, strlen(name));
        if (problem)
            config_problems_add(loader->problems, loader->path, config_setting_source_line(members[0]),
                "%s[%d]: %lld \"%.100s\" %s", where, place, id, name, problem);
    }
}

static void load_superclass(
    struct loader *loader, const config_setting_t *element, const char *where, int place)
{
    const char *names[] = {"name", "classes"};
    const config_setting_t *members[2];
    if (!take_members(loader, element, where, place, names, members))
        return;
    assert(members[0] && members[1]);
    const char *name = config_setting_get_string(members[0]);
    uint32_t superclass = 0;
    const char *problem = name ? NULL : "name is not a string";
    if (!problem && !config_setting_is_array(members[1]) && !config_setting_is_list(members[1]))
        problem = "classes is not a list of class ids, such as [ 1703, 2922 ]";
    if (!problem)
        problem = catalogue_add_superclass(loader->catalogue, name, strlen(name), &superclass);
    if (problem) {
        report(loader, members[0], where, place, problem);
        return;
    }
    for (int i = 0; i < config_setting_length(members[1]); i++) {
        const config_setting_t *id = config_file_element(members[1], i);
        problem = is_integer(id)
                      ? catalogue_add_member(loader->catalogue, superclass, config_setting_get_int64(id))
                      : "is not a decimal integer";
        if (problem)
            config_problems_add(loader->problems, loader->path, config_setting_source_line(id),
                "%s[%d].classes[%d]: %s", where, place, i, problem);
    }
}

static void load_list(struct loader *loader, const config_setting_t *list)
{
    const char *name = config_setting_name(list);
    unsigned line = config_setting_source_line(list);
    bool superclasses = strcmp(name, "superclasses") == 0;
    if (!superclasses && strcmp(name, "tracks") != 0 && strcmp(name, "classes") != 0) {
        config_problems_add(loader->problems, loader->path, line,
            "%.100s: unknown key; allowed: tracks, classes, superclasses", name);
        return;
    }
    if (!config_setting_is_list(list)) {
        config_problems_add(loader->problems, loader->path, line, "%s: is %s; allowed: a list ( { … }, … )",
            name, config_file_type_name(list));
        return;
    }
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *element = config_file_element(list, i);
        if (superclasses)
            load_superclass(loader, element, name, i);
        else
            load_item(loader, element, name, i);
    }
}

bool catalogue_load(struct catalogue *catalogue, const char *path, struct config_problems *problems)
{
    *catalogue = catalogue_make();
    size_t before = problems->count;
    struct loader loader = {catalogue, path, problems};
    config_t tree;
    config_init(&tree);
    bool parsed = config_file_parse(&tree, path, CATALOGUE_FILE_MAX, problems);
    const config_setting_t *root = parsed ? config_root_setting(&tree) : NULL;
    for (int i = 0; root && i < config_setting_length(root); i++)
        load_list(&loader, config_file_element(root, i));
    config_destroy(&tree);
    if (parsed && problems->count == before && (!catalogue->tracks.count || !catalogue->classes.count))
        config_problems_add(problems, path, 1,
            "%s: missing or empty; r3ectl catalogue import makes this file",
            catalogue->tracks.count ? "classes" : "tracks");
    return problems->count == before;
}

/* `string` quoted as libconfig reads it; valid names have no control characters. */
static void write_string(struct buffer *out, const char *string)
{
    buffer_append_byte(out, '"');
    for (; *string; string++) {
        if (*string == '"' || *string == '\\')
            buffer_append_byte(out, '\\');
        buffer_append_byte(out, (uint8_t)*string);
    }
    buffer_append_byte(out, '"');
}

static void write_items(struct buffer *out, const char *name, const struct catalogue_items *items)
{
    buffer_format(out, "%s = (", name);
    for (uint32_t i = 0; i < items->count; i++) {
        buffer_format(out, "%s\n    { id = %u; name = ", i ? "," : "", items->items[i].id);
        write_string(out, items->items[i].name);
        buffer_append_string(out, "; }");
    }
    buffer_append_string(out, "\n);\n\n");
}

void catalogue_write(const struct catalogue *catalogue, struct buffer *out)
{
    buffer_append_string(out,
        "# What there is to crawl. Made by `r3ectl catalogue import` from the game's r3e-data.json,\n"
        "# which keeps the superclasses: edit those here.\n\n");
    write_items(out, "tracks", &catalogue->tracks);
    write_items(out, "classes", &catalogue->classes);
    buffer_append_string(out, "superclasses = (");
    for (uint32_t i = 0; i < catalogue->superclass_count; i++) {
        const struct catalogue_superclass *superclass = &catalogue->superclasses[i];
        buffer_append_string(out, i ? ",\n    { name = " : "\n    { name = ");
        write_string(out, superclass->name);
        buffer_append_string(out, "; classes = [");
        for (uint32_t j = 0; j < superclass->class_count; j++)
            buffer_format(out, "%s%u", j ? ", " : "", superclass->class_ids[j]);
        buffer_append_string(out, "]; }");
    }
    buffer_append_string(out, "\n);\n");
}
