/* Runs a fuzz target over files, without libFuzzer: every input of the corpus, and every one that once broke
 * something, in builds of any compiler. Arguments are the target's name, and files and folders of files.
 * FUZZ_TARGETS of the build is the list of targets: T(one)T(other). */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"

#define INPUT_MAX ((size_t)16 * 1024 * 1024)

typedef int target_function(const uint8_t *data, size_t size);

#define T(name) target_function fuzz_##name;
FUZZ_TARGETS
#undef T

static const struct {
    const char *name;
    target_function *run;
} targets[] = {
#define T(name) {#name, fuzz_##name},
    FUZZ_TARGETS
#undef T
};

static _Noreturn void die(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

/* The target gets bytes with nothing behind them, so that a read beyond their end is seen. */
static void run_file(target_function *target, const char *path)
{
    struct buffer content = buffer_make(INPUT_MAX);
    char error[FILE_ERROR_SIZE];
    if (!file_read(path, &content, error))
        die(path, error);
    uint8_t *exact = malloc(content.length ? content.length : 1);
    if (!exact)
        die(path, "no memory");
    for (size_t i = 0; i < content.length; i++)
        exact[i] = content.data[i];
    fprintf(stderr, "%s\n", path); /* the last one named is the one that broke it */
    target(exact, content.length);
    free(exact);
    buffer_free(&content);
}

static unsigned run_folder(target_function *target, const char *path)
{
    char file[PATH_MAX];
    unsigned count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        die(path, "cannot be opened");
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        if (!file_resolve(path, entry->d_name, file, sizeof file))
            die(path, "the path is too long");
        run_file(target, file);
        count++;
    }
    closedir(folder);
    return count;
}

static target_function *find_target(const char *name)
{
    for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
        if (strcmp(targets[i].name, name) == 0)
            return targets[i].run;
    die(name, "there is no such target");
}

int main(int count, char **arguments)
{
    if (count < 3)
        die(arguments[0], "TARGET, and files or folders of files, are expected");
    target_function *target = find_target(arguments[1]);
    unsigned done = 0;
    for (int i = 2; i < count; i++) {
        struct stat status;
        if (stat(arguments[i], &status) != 0)
            die(arguments[i], "is not there");
        if (S_ISDIR(status.st_mode)) {
            done += run_folder(target, arguments[i]);
        } else {
            run_file(target, arguments[i]);
            done++;
        }
    }
    printf("%u inputs\n", done);
    return done ? 0 : 1;
}
