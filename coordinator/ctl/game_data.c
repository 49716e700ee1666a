#include "coordinator/ctl/game_data.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/json_type.h"
#include "common/unicode.h"

/* A place in the file, for messages. */
struct place {
    char path[256];
};

__attribute__((format(printf, 2, 3))) static bool fail(
    char error[static GAME_DATA_ERROR_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): clang-tidy 14 misses the va_start above */
    int length = vsnprintf(error, GAME_DATA_ERROR_SIZE, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    unicode_make_printable(error);
    return false;
}

/* The place of `parent`'s element: by its name in an object, by its number in a list. */
static struct place place_of(const struct place *parent, const cJSON *element, int number)
{
    struct place place;
    int length;
    if (element->string)
        length = snprintf(place.path, sizeof(place.path), "%.150s.%.60s", parent->path, element->string);
    else
        length = snprintf(place.path, sizeof(place.path), "%.150s[%d]", parent->path, number);
    if (length < 0)
        place.path[0] = '\0';
    return place;
}

static bool take_id(
    const cJSON *object, const struct place *place, int64_t *id, char error[static GAME_DATA_ERROR_SIZE])
{
    const cJSON *member = cJSON_GetObjectItem(object, "Id");
    if (!cJSON_IsNumber(member))
        return fail(error, "%s.Id is %s; expected a number", place->path, json_type_name(member));
    double value = member->valuedouble;
    if (!(value >= 1 && value <= (double)CATALOGUE_ID_MAX && value == floor(value)))
        return fail(
            error, "%s.Id is %g; expected a whole number from 1 to %u", place->path, value, CATALOGUE_ID_MAX);
    *id = (int64_t)value;
    return true;
}

static bool take_name(const cJSON *object, const struct place *place, const char **name,
    char error[static GAME_DATA_ERROR_SIZE])
{
    const cJSON *member = cJSON_GetObjectItem(object, "Name");
    if (!cJSON_IsString(member))
        return fail(error, "%s.Name is %s; expected a string", place->path, json_type_name(member));
    *name = member->valuestring;
    return true;
}

static bool read_layout(struct catalogue *catalogue, const char *track, const cJSON *layout,
    const struct place *place, char error[static GAME_DATA_ERROR_SIZE])
{
    int64_t id = 0;
    const char *layout_name = "";
    if (!cJSON_IsObject(layout))
        return fail(error, "%s is %s; expected an object", place->path, json_type_name(layout));
    if (!take_id(layout, place, &id, error))
        return false;
    if (cJSON_GetObjectItem(layout, "Name") && !take_name(layout, place, &layout_name, error))
        return false;
    char name[2 * CATALOGUE_NAME_MAX];
    int length = snprintf(name, sizeof(name), "%s%s%s", track, layout_name[0] ? " - " : "", layout_name);
    const char *problem = "has too long a name";
    if (length >= 0 && (size_t)length < sizeof(name))
        problem = catalogue_add_item(catalogue, &catalogue->tracks, id, name, (size_t)length);
    return problem ? fail(error, "%s: %lld \"%.100s\" %s", place->path, (long long)id, name, problem) : true;
}

static bool read_track(struct catalogue *catalogue, const cJSON *track, const struct place *place,
    char error[static GAME_DATA_ERROR_SIZE])
{
    const char *name = "";
    if (!cJSON_IsObject(track))
        return fail(error, "%s is %s; expected an object", place->path, json_type_name(track));
    if (!take_name(track, place, &name, error))
        return false;
    const cJSON *layouts = cJSON_GetObjectItem(track, "layouts");
    if (!layouts || cJSON_IsNull(layouts))
        return true;
    if (!cJSON_IsArray(layouts) && !cJSON_IsObject(layouts))
        return fail(error, "%s.layouts is %s; expected a list", place->path, json_type_name(layouts));
    struct place list = place_of(place, layouts, 0);
    int number = 0;
    const cJSON *layout;
    cJSON_ArrayForEach(layout, layouts)
    {
        struct place here = place_of(&list, layout, number++);
        if (!read_layout(catalogue, name, layout, &here, error))
            return false;
    }
    return true;
}

static bool read_class(struct catalogue *catalogue, const cJSON *class, const struct place *place,
    char error[static GAME_DATA_ERROR_SIZE])
{
    int64_t id = 0;
    const char *name = "";
    if (!cJSON_IsObject(class))
        return fail(error, "%s is %s; expected an object", place->path, json_type_name(class));
    if (!take_id(class, place, &id, error) || !take_name(class, place, &name, error))
        return false;
    const char *problem = catalogue_add_item(catalogue, &catalogue->classes, id, name, strlen(name));
    return problem ? fail(error, "%s: %lld \"%.100s\" %s", place->path, (long long)id, name, problem) : true;
}

typedef bool (*element_reader)(struct catalogue *catalogue, const cJSON *element, const struct place *place,
    char error[static GAME_DATA_ERROR_SIZE]);

static bool read_all(const cJSON *root, const char *name, element_reader read, struct catalogue *catalogue,
    char error[static GAME_DATA_ERROR_SIZE])
{
    const cJSON *list = cJSON_GetObjectItem(root, name);
    if (!cJSON_IsObject(list) && !cJSON_IsArray(list))
        return fail(error, "$.%s is %s; expected an object with the game's %s (is this r3e-data.json?)", name,
            json_type_name(list), name);
    struct place place = {"$"};
    place = place_of(&place, list, 0);
    int number = 0;
    const cJSON *element;
    cJSON_ArrayForEach(element, list)
    {
        struct place here = place_of(&place, element, number++);
        if (!read(catalogue, element, &here, error))
            return false;
    }
    return true;
}

static bool read_root(const cJSON *root, struct catalogue *catalogue, char error[static GAME_DATA_ERROR_SIZE])
{
    if (!cJSON_IsObject(root))
        return fail(error, "$ is %s; expected an object (is this r3e-data.json?)", json_type_name(root));
    if (!read_all(root, "tracks", read_track, catalogue, error) ||
        !read_all(root, "classes", read_class, catalogue, error))
        return false;
    if (!catalogue->tracks.count)
        return fail(error, "$.tracks has no layouts; expected at least one");
    if (!catalogue->classes.count)
        return fail(error, "$.classes is empty; expected at least one class");
    return true;
}

/* No JSON of these bytes can have more values than this. */
static size_t values_at_most(const struct buffer *content)
{
    size_t count = 1;
    for (size_t i = 0; i < content->length; i++) {
        uint8_t byte = content->data[i];
        count += byte == ',' || byte == '[' || byte == '{';
    }
    return count;
}

static size_t line_of(const char *start, const char *end)
{
    size_t line = 1;
    for (; start < end; start++)
        line += *start == '\n';
    return line;
}

bool game_data_read(
    struct buffer *content, struct catalogue *catalogue, char error[static GAME_DATA_ERROR_SIZE])
{
    if (values_at_most(content) > GAME_DATA_VALUES_MAX)
        return fail(error, "$ has too many values; expected at most %zu", GAME_DATA_VALUES_MAX);
    const char *text = buffer_string(content);
    const char *end = NULL;
    /* With its terminating zero, so that anything behind the value is an error. */
    cJSON *root = cJSON_ParseWithLengthOpts(text, content->length + 1, &end, true);
    if (!root)
        return fail(error, "line %zu: not JSON; expected the game's r3e-data.json", line_of(text, end));
    bool read = read_root(root, catalogue, error);
    cJSON_Delete(root);
    return read;
}
