#include "coordinator/confine.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/endpoint.h"
#include "common/hardening.h"
#include "common/log.h"
#include "common/process.h"
#include "common/process_limits.h"

#define FOLDERS_MAX 6

/* Paths that live as long as the description that borrows them. */
struct places {
    char folders[FOLDERS_MAX][PATH_MAX];
    unsigned count;
    char worker[PATH_MAX], exporter[PATH_MAX], linker[PATH_MAX];
};

/* The folder that holds `path`. */
static const char *folder_of(struct places *places, const char *path)
{
    const char *slash = strrchr(path, '/');
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (places->count == FOLDERS_MAX || length >= PATH_MAX)
        log_bug("confine: too many folders, or too long a path: %s", path);
    char *folder = places->folders[places->count++];
    if (length)
        memcpy(folder, path, length);
    folder[length] = 0;
    return length ? folder : "/";
}

/* Where it stands in the root itself, only while it is there: the root would be everything. */
static void allow_public(struct hardening *hardening, struct places *places, const char *folder)
{
    const char *above = folder_of(places, folder);
    landlock_allow(&hardening->rules, LANDLOCK_WRITE, strcmp(above, "/") == 0 ? folder : above);
}

static void allow_socket(struct hardening *hardening, struct places *places, const char *string)
{
    struct endpoint endpoint;
    const char *problem;
    if (!endpoint_parse(string, &endpoint, &problem))
        return;
    if (endpoint.kind == ENDPOINT_IPC)
        landlock_allow(&hardening->rules, LANDLOCK_WRITE, folder_of(places, endpoint.path));
    else
        landlock_allow_port(&hardening->rules.bind, (uint16_t)endpoint.port);
}

/* The first object is the program itself; its segment PT_INTERP names the dynamic linker, which an exec of
 * another program of ours starts as well. It is as far from the table of segments, PT_PHDR, as the file says.
 */
static int find_linker(struct dl_phdr_info *object, size_t size, void *linker)
{
    (void)size;
    const ElfW(Phdr) *table = NULL, *name = NULL;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        if (segment->p_type == PT_PHDR)
            table = segment;
        else if (segment->p_type == PT_INTERP)
            name = segment;
    }
    if (table && name && name->p_memsz <= PATH_MAX) {
        ptrdiff_t distance = (ptrdiff_t)(name->p_vaddr - table->p_vaddr);
        memcpy(linker, (const char *)object->dlpi_phdr + distance, (size_t)name->p_memsz);
    }
    return 1;
}

static void allow_programs(struct hardening *hardening, struct places *places)
{
    dl_iterate_phdr(find_linker, places->linker);
    if (places->linker[0])
        landlock_allow(&hardening->rules, LANDLOCK_RUN, places->linker);
    /* Whoever needs one that is missing says so. */
    if (process_find_program("worker", "r3e-worker", places->worker, sizeof places->worker))
        landlock_allow(&hardening->rules, LANDLOCK_RUN, places->worker);
    if (process_find_program("exporter", "r3e-exporter", places->exporter, sizeof places->exporter))
        landlock_allow(&hardening->rules, LANDLOCK_RUN, places->exporter);
}

void confine(const struct config *config)
{
    struct places places = {0};
    struct hardening hardening = {
        .rules = {.limited = LANDLOCK_WRITE | LANDLOCK_RUN, .bind.limited = true, .scoped = true}};
    struct process_limits limits = process_limits_of_all(config);
    if (!process_limits_set(&limits))
        log_warn("cannot set the limits of the group hardening: %s", strerror(errno));
    if (!config->hardening.sandbox) {
        log_warn(
            "hardening.sandbox = false: neither this process nor its workers and exporters are confined");
        return;
    }
    if (mkdir(config->store.dir, 0700) < 0 && errno != EEXIST)
        log_fatal("store.dir: cannot make %s: %s", config->store.dir, strerror(errno));
    landlock_allow(&hardening.rules, LANDLOCK_WRITE, config->store.dir);
    allow_public(&hardening, &places, config->publish.dir);
    landlock_allow(&hardening.rules, LANDLOCK_WRITE, folder_of(&places, config->refresh.trigger_file));
    allow_socket(&hardening, &places, config->sockets.jobs);
    allow_socket(&hardening, &places, config->sockets.results);
    allow_socket(&hardening, &places, config->sockets.status);
    allow_socket(&hardening, &places, config->sockets.control);
    allow_programs(&hardening, &places);
    hardening_allow_manager(&hardening);
    hardening_apply(&hardening);
}
