#include "common/config_change.h"

#include <string.h>

bool config_key_needs_restart(const struct config_key *key)
{
    static const struct {
        const char *group, *name; /* NULL: all of the group */
    } fixed[] = {{"store", "dir"}, {"store", "map_size_mb"}, {"public", NULL}, {"refresh", "trigger_file"},
        {"sockets", NULL}, {"security", NULL}, {"hardening", NULL}, {"http", NULL}};
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) {
        if (strcmp(fixed[i].group, key->group) == 0 &&
            (!fixed[i].name || strcmp(fixed[i].name, key->name) == 0))
            return true;
    }
    return false;
}

static size_t size_of(enum config_type type)
{
    switch (type) {
    case CONFIG_INT:
    case CONFIG_TIME_OF_DAY:
        return sizeof(int64_t);
    case CONFIG_DOUBLE:
        return sizeof(double);
    case CONFIG_BOOL:
        return sizeof(bool);
    case CONFIG_CHOICE:
    case CONFIG_CHOICES:
        return sizeof(unsigned);
    case CONFIG_TEXT:
    case CONFIG_PATH:
    case CONFIG_URL:
    case CONFIG_ENDPOINT:
    case CONFIG_ADDRESS:
        break;
    }
    return sizeof(const char *);
}

static bool is_string(enum config_type type)
{
    return type == CONFIG_TEXT || type == CONFIG_PATH || type == CONFIG_URL || type == CONFIG_ENDPOINT ||
           type == CONFIG_ADDRESS;
}

static bool are_equal(const void *left, const void *right, enum config_type type)
{
    if (!is_string(type))
        return memcmp(left, right, size_of(type)) == 0;
    const char *a, *b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return strcmp(a, b) == 0;
}

void config_follow(
    struct config *next, const struct config *running, config_change_visitor changed, void *context)
{
    next->local_sockets = running->local_sockets; /* follow from what needs a restart */
    for (size_t i = 0; i < CONFIG_KEY_COUNT; i++) {
        const struct config_key *key = &config_keys[i];
        char *value = (char *)next + key->offset;
        const char *old = (const char *)running + key->offset;
        if (!are_equal(value, old, key->type))
            changed(context, key);
        if (config_key_needs_restart(key))
            memcpy(value, old, size_of(key->type));
    }
}
