#include "exporter/folders.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX_LENGTH (sizeof FOLDERS_TEMPORARY - 1)

bool folders_make(const char *path)
{
    char part[PATH_MAX];
    int length = snprintf(part, sizeof part, "%s", path);
    if (length < 0 || (size_t)length >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (char *at = part + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = 0;
        if (mkdir(part, FOLDERS_MODE) != 0 && errno != EEXIST)
            return false;
        *at = '/';
    }
    return mkdir(part, FOLDERS_MODE) == 0 || errno == EEXIST;
}

bool folders_temporary_path(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    int folder = slash ? (int)(slash + 1 - path) : 0;
    int length = snprintf(out, PATH_MAX, "%.*s%s%s", folder, path, FOLDERS_TEMPORARY, path + folder);
    if (length > 0 && length < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static bool is_temporary(const char *name)
{
    return strncmp(name, FOLDERS_TEMPORARY, PREFIX_LENGTH) == 0;
}

void folders_remove_temporary(int folder_fd, const char *name)
{
    if (unlinkat(folder_fd, name, 0) == 0 || (errno != EISDIR && errno != EPERM))
        return;
    int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; (entry = readdir(entries));)
        unlinkat(fd, entry->d_name, 0);
    closedir(entries);
    unlinkat(folder_fd, name, AT_REMOVEDIR);
}

static void show(int fd, const char *name, bool sweep, folders_visitor visit, void *context)
{
    if (is_temporary(name)) {
        if (sweep)
            folders_remove_temporary(fd, name);
    } else if (visit && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
        visit(context, name);
    }
}

bool folders_list(int root_fd, const char *path, bool sweep, folders_visitor visit, void *context)
{
    int fd = openat(root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    DIR *entries = fdopendir(fd);
    if (!entries) {
        int cause = errno;
        close(fd);
        errno = cause;
        return false;
    }
    struct dirent *entry;
    while (errno = 0, (entry = readdir(entries)))
        show(fd, entry->d_name, sweep, visit, context);
    int cause = errno;
    closedir(entries);
    errno = cause;
    return cause == 0;
}
