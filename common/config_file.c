#include "common/config_file.h"

#include <assert.h>
#include <string.h>

#include "common/config_scan.h"
#include "common/file.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-*"

const config_setting_t *config_file_element(const config_setting_t *setting, int place)
{
    const config_setting_t *element = config_setting_get_elem(setting, (unsigned)place);
    assert(element);
    return element;
}

const char *config_file_type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_GROUP:
        return "a group";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "an integer";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "true or false";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "nothing";
    }
}

/* How often `name` stands on the line that begins at `line`. */
static int count_on_line(const char *line, const char *name)
{
    int count = 0;
    while (*line && *line != '\n') {
        size_t length = strspn(line, NAME_CHARACTERS);
        count += length && strlen(name) == length && memcmp(name, line, length) == 0;
        line += length ? length : 1;
    }
    return count;
}

/* The member of `group` that stands once more on line `number`, or NULL. */
static const config_setting_t *find_repeated(
    const config_setting_t *group, const char *content, unsigned number)
{
    const char *line = content;
    for (unsigned i = 1; i < number && line; i++) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    for (int i = 0; line && i < config_setting_length(group); i++) {
        const config_setting_t *member = config_file_element(group, i);
        const char *name = config_setting_name(member);
        int first = config_setting_source_line(member) == number;
        if (name && count_on_line(line, name) > first)
            return member;
    }
    return NULL;
}

/* libconfig says "duplicate setting name" but not which. The open group is the root's last member. */
static void add_duplicate(
    config_t *tree, const char *path, const char *content, struct config_problems *problems)
{
    unsigned line = (unsigned)config_error_line(tree);
    config_setting_t *root = config_root_setting(tree);
    int groups = config_setting_length(root);
    const config_setting_t *last = groups ? config_file_element(root, groups - 1) : NULL;
    const config_setting_t *first = NULL;
    if (last && config_setting_is_group(last))
        first = find_repeated(last, content, line);
    const char *group = first ? config_setting_name(last) : "";
    if (!first)
        first = find_repeated(root, content, line);
    if (first)
        config_problems_add(problems, path, line, "%s%s%s: set a second time (first on line %u); keep one",
            group, *group ? "." : "", config_setting_name(first), config_setting_source_line(first));
    else
        config_problems_add(problems, path, line, "a name is set a second time; keep one");
}

static bool parse(config_t *tree, const char *path, const char *content, struct config_problems *problems)
{
    if (config_read_string(tree, content) == CONFIG_TRUE)
        return true;
    const char *reason = config_error_text(tree);
    if (reason && strstr(reason, "duplicate"))
        add_duplicate(tree, path, content, problems);
    else
        config_problems_add(problems, path, (unsigned)config_error_line(tree),
            "%s here or just before; a setting is written NAME = VALUE; and a group NAME : { … };",
            reason ? reason : "cannot be parsed");
    return false;
}

bool config_file_parse(config_t *tree, const char *path, size_t limit, struct config_problems *problems)
{
    struct buffer content = buffer_make(limit);
    char error[FILE_ERROR_SIZE];
    bool parsed = false;
    if (!file_read(path, &content, error)) {
        config_problems_add(problems, NULL, 0, "%s", error);
    } else if (config_scan(&content, path, problems)) {
        content.limit = limit + 1; /* room for the terminating zero */
        parsed = parse(tree, path, buffer_string(&content), problems);
    }
    buffer_free(&content);
    return parsed;
}
