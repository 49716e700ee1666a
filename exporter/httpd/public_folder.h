#ifndef R3E_EXPORTER_HTTPD_PUBLIC_FOLDER_H
#define R3E_EXPORTER_HTTPD_PUBLIC_FOLDER_H
/* Opens files below the public folder, and no others.
 *
 * The kernel resolves the path (openat2(2), RESOLVE_BENEATH), or, where there is no such call, path_walk
 * does: symbolic links are followed as long as they stay inside, whatever is renamed meanwhile. The folder
 * itself is opened anew each time, so it may be deleted and made again while the server runs; the kernel's
 * leave to read it ends with the first one, and folder_broker.h helps out then. */
#include <stdbool.h>
#include <sys/stat.h>

enum public_folder_outcome {
    PUBLIC_FOLDER_OPENED,
    PUBLIC_FOLDER_NOTHING, /* no such regular file inside, or not for us to read */
    PUBLIC_FOLDER_BUSY,    /* out of descriptors or memory */
};

struct folder_broker;

struct public_folder {
    const char *path;             /* borrowed */
    bool by_walk;                 /* without openat2 */
    struct folder_broker *broker; /* asked for what we may not open; borrowed; NULL: none */
};

/* Can the kernel do it (Linux 5.6, and no container profile that forbids the call)? False: errno is set, and
 * `by_walk` is to be true. */
bool public_folder_has_openat2(void);

/* A descriptor of whatever `path` is below the folder, for reading, or -1 with errno set. The broker is not
 * asked. */
int public_folder_open_below(const struct public_folder *folder, const char *path);

/* Opens the regular file `path` below the folder for reading: `*fd` is the caller's to close, `*about` is
 * what fstat says of it. */
enum public_folder_outcome public_folder_open(
    const struct public_folder *folder, const char *path, int *fd, struct stat *about);

#endif
