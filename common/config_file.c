#include "common/config_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/file.h"
#include "common/unicode.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-*"

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

/* What libconfig would pass over or act upon where we must not: NUL ends its input, @include opens files. */
static bool check_lines(const char *path, const struct buffer *content, struct config_problems *problems)
{
    const char *next = (const char *)content->data;
    const char *end = next ? next + content->length : NULL;
    size_t before = problems->count;
    for (unsigned number = 1; next < end; number++) {
        const char *feed = memchr(next, '\n', (size_t)(end - next));
        const char *line_end = feed ? feed : end;
        struct text line = {next, (uint32_t)(line_end - next)};
        if (memchr(next, '\0', line.length))
            config_problems_add(problems, path, number, "has a NUL byte; this must be a text file");
        else if (!unicode_is_valid(line))
            config_problems_add(problems, path, number, "is not valid UTF-8; save the file as UTF-8");
        while (next < line_end && (*next == ' ' || *next == '\t' || *next == '\r'))
            next++;
        if (line_end - next >= 8 && memcmp(next, "@include", 8) == 0)
            config_problems_add(problems, path, number, "@include is not supported; put all in one file");
        next = feed ? feed + 1 : end;
    }
    return problems->count == before;
}

/* Copies the first name on line `number` that is a member of `group`. */
static const config_setting_t *find_on_line(
    const config_setting_t *group, const struct buffer *content, unsigned number)
{
    const char *line = (const char *)content->data;
    for (unsigned i = 1; i < number && line; i++) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    while (line && *line && *line != '\n') {
        size_t length = strspn(line, NAME_CHARACTERS);
        for (int i = 0; length && i < config_setting_length(group); i++) {
            const config_setting_t *member = config_setting_get_elem(group, (unsigned)i);
            const char *name = config_setting_name(member);
            if (name && strlen(name) == length && memcmp(name, line, length) == 0)
                return member;
        }
        line += length ? length : 1;
    }
    return NULL;
}

/* libconfig says "duplicate setting name" but not which. The open group is the root's last member. */
static void add_duplicate(
    config_t *tree, const char *path, const struct buffer *content, struct config_problems *problems)
{
    unsigned line = (unsigned)config_error_line(tree);
    config_setting_t *root = config_root_setting(tree);
    int groups = config_setting_length(root);
    const config_setting_t *last = groups ? config_setting_get_elem(root, (unsigned)groups - 1) : NULL;
    const config_setting_t *first = NULL;
    if (last && config_setting_is_group(last))
        first = find_on_line(last, content, line);
    if (first) {
        config_problems_add(problems, path, line, "%s.%s: set a second time (first on line %u); keep one",
            config_setting_name(last), config_setting_name(first), config_setting_source_line(first));
        return;
    }
    first = find_on_line(root, content, line);
    if (first)
        config_problems_add(problems, path, line, "%s: set a second time (first on line %u); keep one",
            config_setting_name(first), config_setting_source_line(first));
    else
        config_problems_add(problems, path, line, "a name is set a second time; keep one");
}

bool config_file_parse(config_t *tree, const char *path, size_t limit, struct config_problems *problems)
{
    struct buffer content = buffer_make(limit + 1); /* one more for the terminating zero */
    char error[FILE_ERROR_SIZE];
    bool parsed = false;
    if (!file_read(path, &content, error)) {
        config_problems_add(problems, NULL, 0, "%s", error);
    } else if (content.length > limit) {
        config_problems_add(problems, path, 0, "is larger than the %zu bytes allowed", limit);
    } else if (check_lines(path, &content, problems)) {
        parsed = config_read_string(tree, buffer_string(&content)) == CONFIG_TRUE;
        const char *reason = parsed ? NULL : config_error_text(tree);
        if (reason && strstr(reason, "duplicate"))
            add_duplicate(tree, path, &content, problems);
        else if (!parsed)
            config_problems_add(problems, path, (unsigned)config_error_line(tree),
                "%s; a setting is written NAME = VALUE; and a group NAME : { … };",
                reason ? reason : "cannot be parsed");
    }
    buffer_free(&content);
    return parsed;
}
