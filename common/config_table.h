#ifndef R3E_COMMON_CONFIG_TABLE_H
#define R3E_COMMON_CONFIG_TABLE_H
/* The table of all configuration keys: the only place that knows their names, types, defaults, ranges and
 * meanings. Reading, checking, printing and the example file follow it. */
#include <stdbool.h>
#include <stddef.h>

enum config_type {
    CONFIG_INT,         /* int64_t */
    CONFIG_DOUBLE,      /* double; an integer in the file is fine */
    CONFIG_BOOL,        /* bool */
    CONFIG_TEXT,        /* const char *, printable ASCII */
    CONFIG_PATH,        /* const char *, made absolute or relative to the file's folder */
    CONFIG_URL,         /* const char *, http or https, no query, no slash at its end */
    CONFIG_ENDPOINT,    /* const char *, as endpoint.h; an ipc path is resolved as CONFIG_PATH */
    CONFIG_ADDRESS,     /* const char *, ADDRESS:PORT */
    CONFIG_TIME_OF_DAY, /* int64_t, minutes after midnight; "" is CONFIG_DAILY_NEVER */
    CONFIG_CHOICE,      /* enum or unsigned: the place in `names` */
    CONFIG_CHOICES      /* unsigned: bit 1 << place in `names`; a list in the file, not empty */
};

struct config_group {
    const char *name;
    const char *help;
};

struct config_key {
    const char *group;
    const char *name;
    enum config_type type;
    bool required;            /* must be set; `initial` is then only an example */
    bool may_be_empty;        /* strings: "" is allowed */
    size_t offset;            /* in struct config */
    const char *initial;      /* the default, as an override would write it */
    double min, max;          /* numbers: range; strings: `max` bytes */
    const char *const *names; /* choices: NULL-terminated */
    const char *help;
};

#define CONFIG_KEY_COUNT   53
#define CONFIG_GROUP_COUNT 13

extern const struct config_group config_groups[CONFIG_GROUP_COUNT];

/* In the order of the groups. */
extern const struct config_key config_keys[CONFIG_KEY_COUNT];

/* NULL if there is none of that name. Names need not be terminated. */
const struct config_group *config_find_group(const char *name, size_t length);
const struct config_key *config_find_key(const char *group, const char *name, size_t name_length);

/* The known key or group that `name` was most likely meant to be: the fewest edits, at most one in three
 * characters and one more; of equally near keys the one of `group`. NULL if none is near. */
const struct config_key *config_nearest_key(const char *group, const char *name);
const struct config_group *config_nearest_group(const char *name);

#endif
