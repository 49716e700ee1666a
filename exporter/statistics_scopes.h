#ifndef R3E_EXPORTER_STATISTICS_SCOPES_H
#define R3E_EXPORTER_STATISTICS_SCOPES_H
/* What there are statistics of: everything, each class and each superclass of the catalogue, in the order in
 * which stats/index.json lists them. Immutable after statistics_scopes_make; any thread may read. */
#include <stdbool.h>
#include <stdint.h>

#include "common/catalogue.h"
#include "exporter/snapshot.h"
#include "exporter/statistics.h"

/* A slug, `_` and a number. */
#define STATISTICS_ID_SIZE (CATALOGUE_NAME_MAX + 12)

#define STATISTICS_FOLDER "stats" /* below PUBLIC/cache */

/* Type, scope_type in the files, folder below that. */
#define STATISTICS_SCOPE_TYPES(TYPE)                                                                         \
    TYPE(OVERALL, "overall", "overall")                                                                      \
    TYPE(CLASS, "class", "classes")                                                                          \
    TYPE(SUPERCLASS, "superclass", "superclasses")

enum statistics_scope_type {
#define TYPE(name, text, folder) STATISTICS_SCOPE_##name,
    STATISTICS_SCOPE_TYPES(TYPE)
#undef TYPE
        STATISTICS_SCOPE_TYPE_COUNT
};

struct statistics_scope {
    enum statistics_scope_type type;
    char id[STATISTICS_ID_SIZE];
    const char *name;      /* the catalogue's; valid as long as that is */
    bool has_entries;      /* else there are no files of it, but for the overall ones */
    bool touched;          /* its files are to be made */
    int64_t changed_at_ms; /* wall clock of the newest change of its boards, if it has entries */
};

struct statistics_class; /* which scopes a class belongs to */

struct statistics_scopes {
    struct statistics_scope *scopes;
    uint32_t count;
    uint32_t first_class, first_superclass; /* where these begin; place 0 is overall */
    struct statistics_class *classes;       /* open addressing by class id */
    uint32_t class_slots;                   /* a power of two */
    uint32_t *members;                      /* places of scopes, class by class */
};

/* `touched` as in statistics_write. Release with statistics_scopes_free. */
struct statistics_scopes statistics_scopes_make(const struct catalogue *catalogue,
    const struct snapshot_board *boards, uint32_t board_count, const struct statistics_touched *touched);

void statistics_scopes_free(struct statistics_scopes *scopes);

/* The places of the scopes that rows of this class belong to beside the overall one, and their number. */
const uint32_t *statistics_scopes_of(
    const struct statistics_scopes *scopes, uint32_t class_id, uint32_t *count);

/* The class or superclass with this id, if it has entries; else NULL. */
const struct statistics_scope *statistics_scopes_find(
    const struct statistics_scopes *scopes, enum statistics_scope_type type, const char *id);

const char *statistics_scope_type_name(enum statistics_scope_type type);

/* The folder of a type's files, from PUBLIC/cache: "stats/classes". */
const char *statistics_scope_folder(enum statistics_scope_type type);

#endif
