#include "exporter/httpd/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel has it: path_resolution(7) */
#define DEPTH_MAX 32

struct walk {
    int folders[DEPTH_MAX]; /* the first is borrowed */
    int depth;              /* of the folder we are in */
    unsigned links;
    char rest[PATH_MAX]; /* of the path, with one slash between its parts or more */
};

static int fail(int error)
{
    errno = error;
    return -1;
}

static void leave_folder(struct walk *walk)
{
    close(walk->folders[walk->depth--]);
}

/* Moves the first part of the rest to `part`; false: nothing is left. */
static bool next_part(struct walk *walk, char part[static NAME_MAX + 1])
{
    size_t slashes = strspn(walk->rest, "/");
    size_t length = strcspn(walk->rest + slashes, "/");
    if (length > NAME_MAX)
        length = NAME_MAX; /* no such file: the kernel says so */
    memcpy(part, walk->rest + slashes, length);
    part[length] = '\0';
    memmove(walk->rest, walk->rest + slashes + length, strlen(walk->rest + slashes + length) + 1);
    return length > 0;
}

/* What the link says comes before the rest. */
static int follow(struct walk *walk, int link_fd)
{
    char target[PATH_MAX];
    ssize_t length = readlinkat(link_fd, "", target, sizeof target);
    size_t rest = strlen(walk->rest);
    if (length < 0)
        return -1;
    if (++walk->links > LINKS_MAX)
        return fail(ELOOP);
    if ((size_t)length + rest >= sizeof walk->rest)
        return fail(ENAMETOOLONG);
    if (length > 0 && target[0] == '/')
        return fail(EXDEV);
    memmove(walk->rest + length, walk->rest, rest + 1);
    memcpy(walk->rest, target, (size_t)length);
    return 0;
}

static int enter(struct walk *walk, int fd)
{
    if (walk->depth + 1 == DEPTH_MAX)
        return fail(ENAMETOOLONG);
    walk->folders[++walk->depth] = fd;
    return 0;
}

/* One part. 0, or -1; `*file` is the file if this was it. */
static int step(struct walk *walk, const char *part, int *file)
{
    struct stat about;
    if (strcmp(part, ".") == 0)
        return 0;
    if (strcmp(part, "..") == 0) {
        if (walk->depth == 0)
            return fail(EXDEV);
        leave_folder(walk);
        return 0;
    }
    int here = walk->folders[walk->depth];
    int fd = openat(here, part, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return -1;
    int result = fstat(fd, &about);
    if (result == 0 && S_ISDIR(about.st_mode)) {
        result = enter(walk, fd);
        if (result == 0)
            return 0;
    } else if (result == 0 && S_ISLNK(about.st_mode)) {
        result = follow(walk, fd);
    } else if (result == 0 && walk->rest[0]) {
        result = fail(ENOTDIR);
    } else if (result == 0) {
        *file = openat(here, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        result = *file < 0 ? -1 : 0;
    }
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

int path_walk_open(int folder_fd, const char *path)
{
    struct walk walk = {.folders = {folder_fd}};
    char part[NAME_MAX + 1];
    size_t length = strlen(path);
    int file = -1;
    int result = 0;
    if (length >= sizeof walk.rest)
        return fail(ENAMETOOLONG);
    memcpy(walk.rest, path, length + 1);
    while (result == 0 && file < 0)
        result = next_part(&walk, part) ? step(&walk, part, &file) : fail(EISDIR);
    int error = errno;
    while (walk.depth > 0)
        leave_folder(&walk);
    errno = error;
    return file;
}
