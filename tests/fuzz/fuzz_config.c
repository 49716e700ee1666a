/* A configuration file and one override (the first line, if it begins with `--`): what loads is printed, and
 * loads again to the same values; what does not is named, and forges no line. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/config_change.h"
#include "common/file.h"

#define OVERRIDE_MOST 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the string that it was reading when its input ends or goes wrong in the middle of it:
 * a few bytes for each time that a broken file is read, which ends the program or is a reload by hand. */
const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static bool load(struct config *config, const void *bytes, size_t size, const char *override)
{
    /* What has to be set comes first, so that files without it get as far as the checks behind it. */
    const char *overrides[] = {"store.dir=/s", "public.dir=/p", override};
    struct config_problems problems = config_problems_make();
    char path[32];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || !file_write_all(fd, bytes, size) ||
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd) >= (int)sizeof path)
        abort();
    bool loaded = config_load(config, path, overrides, override ? 3 : 2, &problems);
    close(fd);
    if (loaded != (problems.count == 0))
        abort();
    for (size_t i = 0; i < problems.text.length; i++)
        if (problems.text.data[i] != '\n' && (problems.text.data[i] < ' ' || problems.text.data[i] == 0x7f))
            abort();
    config_problems_free(&problems);
    return loaded;
}

static void on_change(void *context, const struct config_key *key)
{
    (void)context;
    fprintf(stderr, "%s.%s differs when it is printed and loaded again\n", key->group, key->name);
    abort();
}

static void check_printed(const struct config *config)
{
    struct config again;
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    if (!stream)
        abort();
    config_print(config, stream);
    if (fclose(stream) != 0 || !load(&again, text, length, NULL))
        abort();
    config_follow(&again, config, on_change, NULL);
    config_free(&again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char override[OVERRIDE_MOST + 1];
    const uint8_t *end = size > 2 && memcmp(data, "--", 2) == 0 ? memchr(data, '\n', size) : NULL;
    size_t length = end ? (size_t)(end - data) - 2 : 0, used = end ? (size_t)(end - data) + 1 : 0;
    if (length > OVERRIDE_MOST)
        return 0;
    if (end)
        memcpy(override, data + 2, length);
    override[length] = '\0';
    struct config config;
    if (load(&config, data + used, size - used, end ? override : NULL))
        check_printed(&config);
    config_free(&config);
    return 0;
}
