#include "exporter/ledger_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"
#include "common/version.h"
#include "exporter/ledger_check.h"
#include "exporter/program.h"

#define NEW_LEDGER "." LEDGER_NAME ".new"
#define FILE_MODE  0644

/* Grows with every change of what the files hold. */
#define VERSION 1u

/* What the files of rows and of cards begin with. */
struct log_head {
    char magic[8];
    uint64_t id;
};

static const struct {
    const char *name, *fresh; /* `fresh`: until it is in its place */
    char magic[8];
} logs[LEDGER_LOGS] = {
    [LEDGER_LOG_ROWS] = {LEDGER_ROWS, "." LEDGER_ROWS ".new", "r3e-rows"},
    [LEDGER_LOG_CARDS] = {LEDGER_CARDS, "." LEDGER_CARDS ".new", "r3e-card"},
};

enum part { PART_BOARDS, PART_PERSONS, PART_RESULTS, PART_ROSTERS, PARTS = PART_ROSTERS + ROSTER_KINDS };

/* Without gaps, for it is hashed as it lies in memory. */
struct head {
    char magic[8];
    uint64_t version;
    uint64_t program[PROGRAM_NUMBERS]; /* one built anew may lay out other structures without having another
                                          version */
    char release[32];
    uint64_t id, ends[LEDGER_LOGS];
    uint64_t catalogue;
    uint8_t basis[MANIFEST_BASIS_SIZE];
    uint64_t counts[PARTS], hashes[PARTS];
    uint64_t hash; /* of all before it */
};

static const char magic[8] = "r3e-ledg";

static struct head identity(void)
{
    struct head head = {.version = VERSION, .release = R3E_VERSION};
    memcpy(head.magic, magic, sizeof magic);
    program_identify(head.program);
    return head;
}

static uint64_t head_hash(const struct head *head)
{
    return XXH3_64bits(head, offsetof(struct head, hash));
}

/* ---- parts ---- */

static size_t element_size(int part)
{
    static const size_t sizes[] = {
        sizeof(struct ledger_board), sizeof(struct ledger_person), sizeof(struct ledger_result)};
    return part < PART_ROSTERS ? sizes[part] : sizeof(struct roster_item);
}

static const void *part_of(const struct ledger *ledger, int part, uint32_t *count)
{
    switch (part) {
    case PART_BOARDS:
        *count = ledger->board_count;
        return ledger->boards;
    case PART_PERSONS:
        *count = ledger->person_count;
        return ledger->persons;
    case PART_RESULTS:
        *count = ledger->result_count;
        return ledger->results;
    default:
        *count = ledger->rosters[part - PART_ROSTERS].count;
        return ledger->rosters[part - PART_ROSTERS].items;
    }
}

static void set_part(struct ledger *ledger, int part, void *elements, uint32_t count)
{
    switch (part) {
    case PART_BOARDS:
        ledger->boards = elements;
        ledger->board_count = count;
        break;
    case PART_PERSONS:
        ledger->persons = elements;
        ledger->person_count = count;
        break;
    case PART_RESULTS:
        ledger->results = elements;
        ledger->result_count = count;
        break;
    default:
        ledger->rosters[part - PART_ROSTERS] = (struct roster){elements, count};
    }
}

/* ---- opening ---- */

/* What was not put in its place. */
static void remove_fresh(struct ledger_files *files)
{
    unlinkat(files->folder_fd, NEW_LEDGER, 0);
    for (int log = 0; log < LEDGER_LOGS; log++)
        unlinkat(files->folder_fd, logs[log].fresh, 0);
    files->logs_are_fresh = files->is_written = false;
}

struct ledger_files ledger_files_open(const char *store)
{
    struct ledger_files files = {.store = store};
    files.folder_fd = open(store, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (files.folder_fd >= 0 && flock(files.folder_fd, LOCK_EX | LOCK_NB) != 0) {
        log_info("another exporter reads %s; doing without " LEDGER_NAME, store);
        close(files.folder_fd);
        files.folder_fd = -1;
    }
    if (files.folder_fd >= 0)
        remove_fresh(&files); /* of runs that were killed */
    return files;
}

void ledger_files_close(struct ledger_files *files)
{
    if (files->folder_fd < 0)
        return;
    remove_fresh(files);
    close(files->folder_fd);
    files->folder_fd = -1;
}

/* ---- loading ---- */

/* Whether the header is ours and the parts it announces make up the file. */
static bool is_sound(const struct head *head, uint64_t length)
{
    struct head own = identity();
    uint64_t wanted = sizeof *head;
    if (memcmp(head, &own, offsetof(struct head, id)) != 0 || head_hash(head) != head->hash)
        return false;
    for (int part = 0; part < PARTS; part++) {
        if (head->counts[part] >= UINT32_MAX)
            return false;
        wanted += head->counts[part] * element_size(part);
    }
    return wanted == length;
}

static bool read_parts(int fd, const struct head *head, struct ledger *ledger)
{
    uint64_t offset = sizeof *head;
    for (int part = 0; part < PARTS; part++) {
        size_t length = head->counts[part] * element_size(part);
        void *elements = memory_zalloc(length, 1);
        set_part(ledger, part, elements, (uint32_t)head->counts[part]);
        if (!file_read_at(fd, elements, length, offset) ||
            XXH3_64bits(elements, length) != head->hashes[part])
            return false;
        offset += length;
    }
    return true;
}

static bool open_log(const struct ledger_files *files, struct ledger *ledger, int log)
{
    struct log_head head;
    struct stat status;
    int fd = openat(files->folder_fd, logs[log].name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    ledger->logs[log].fd = fd;
    return fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
           (uint64_t)status.st_size >= ledger->logs[log].end && file_read_at(fd, &head, sizeof head, 0) &&
           memcmp(head.magic, logs[log].magic, sizeof head.magic) == 0 && head.id == ledger->id;
}

static bool load(const struct ledger_files *files, int fd, struct ledger *ledger)
{
    struct stat status;
    struct head head;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) || !file_read_at(fd, &head, sizeof head, 0) ||
        !is_sound(&head, (uint64_t)status.st_size))
        return false;
    ledger->id = head.id;
    ledger->catalogue = head.catalogue;
    memcpy(ledger->basis, head.basis, sizeof head.basis);
    bool loaded = read_parts(fd, &head, ledger);
    for (int log = 0; log < LEDGER_LOGS && loaded; log++) {
        ledger->logs[log].end = head.ends[log];
        loaded = head.ends[log] >= sizeof(struct log_head) && open_log(files, ledger, log);
    }
    return loaded && ledger_check(ledger);
}

bool ledger_files_load(struct ledger_files *files, struct ledger *ledger)
{
    int fd = files->folder_fd < 0
                 ? -1
                 : openat(files->folder_fd, LEDGER_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool loaded = load(files, fd, ledger) && ledger_map_cards(ledger) && ledger_check_cards(ledger);
    close(fd);
    if (atomic_load(&ledger->damaged))
        guard_forgive(ledger->guard);
    if (!loaded) {
        log_warn("%s/" LEDGER_NAME ": broken or of another version; building all anew", files->store);
        ledger_free(ledger);
    }
    return loaded;
}

/* ---- files for rows and cards ---- */

static bool take_logs(struct ledger *ledger, const struct ledger *old)
{
    ledger->id = old->id;
    for (int log = 0; log < LEDGER_LOGS; log++) {
        ledger->logs[log].end = old->logs[log].end;
        ledger->logs[log].fd = fcntl(old->logs[log].fd, F_DUPFD_CLOEXEC, 0);
        if (ledger->logs[log].fd < 0)
            return guard_fail(ledger->guard, "cannot open %s again: %s", logs[log].name, strerror(errno));
    }
    return true;
}

static bool begin_log(struct ledger *ledger, int log)
{
    struct log_head head = {.id = ledger->id};
    memcpy(head.magic, logs[log].magic, sizeof head.magic);
    ledger->logs[log].end = sizeof head;
    return file_write_all(ledger->logs[log].fd, &head, sizeof head) ||
           guard_fail_file(ledger->guard, "write", logs[log].name, "");
}

static void create_fresh(struct ledger_files *files, struct ledger *ledger)
{
    int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    files->logs_are_fresh = true;
    for (int log = 0; log < LEDGER_LOGS; log++)
        ledger->logs[log].fd = openat(files->folder_fd, logs[log].fresh, flags, FILE_MODE);
    if (ledger->logs[LEDGER_LOG_ROWS].fd >= 0 && ledger->logs[LEDGER_LOG_CARDS].fd >= 0)
        return;
    for (int log = 0; log < LEDGER_LOGS; log++) {
        if (ledger->logs[log].fd >= 0)
            close(ledger->logs[log].fd);
        ledger->logs[log].fd = -1;
    }
    remove_fresh(files);
}

bool ledger_files_logs(struct ledger_files *files, struct ledger *ledger, const struct ledger *old,
    struct publication *publication)
{
    if (old)
        return take_logs(ledger, old);
    if (getrandom(&ledger->id, sizeof ledger->id, 0) != (ssize_t)sizeof ledger->id)
        return guard_fail(ledger->guard, "the system has no random numbers: %s", strerror(errno));
    if (files->folder_fd >= 0)
        create_fresh(files, ledger);
    for (int log = 0; log < LEDGER_LOGS; log++) {
        if (ledger->logs[log].fd < 0)
            ledger->logs[log].fd = publication_scratch(publication);
        if (ledger->logs[log].fd < 0 || !begin_log(ledger, log))
            return false;
    }
    files->logs_are_elsewhere = !files->logs_are_fresh;
    return true;
}

/* ---- saving ---- */

static bool write_ledger(int fd, const struct ledger *ledger)
{
    struct head head = identity();
    uint32_t count;
    head.id = ledger->id;
    head.catalogue = ledger->catalogue;
    memcpy(head.basis, ledger->basis, sizeof head.basis);
    for (int log = 0; log < LEDGER_LOGS; log++)
        head.ends[log] = ledger->logs[log].end;
    for (int part = 0; part < PARTS; part++) {
        const void *elements = part_of(ledger, part, &count);
        head.counts[part] = count;
        head.hashes[part] = XXH3_64bits(elements, count * element_size(part));
    }
    head.hash = head_hash(&head);
    bool written = file_write_all(fd, &head, sizeof head);
    for (int part = 0; part < PARTS && written; part++) {
        const void *elements = part_of(ledger, part, &count);
        written = !count || file_write_all(fd, elements, count * element_size(part));
    }
    return written;
}

static void warn(const struct ledger_files *files)
{
    log_warn("%s/" LEDGER_NAME ": %s; everything is published, but the next export builds all anew",
        files->store, strerror(errno));
}

void ledger_files_write(struct ledger_files *files, const struct ledger *ledger)
{
    if (files->folder_fd < 0 || files->logs_are_elsewhere)
        return;
    int fd =
        openat(files->folder_fd, NEW_LEDGER, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        warn(files);
        return;
    }
    files->is_written = write_ledger(fd, ledger);
    if (!files->is_written)
        warn(files);
    close(fd);
}

void ledger_files_keep(struct ledger_files *files)
{
    int folder = files->folder_fd;
    if (!files->is_written)
        return;
    bool kept = true;
    for (int log = 0; log < LEDGER_LOGS && files->logs_are_fresh && kept; log++)
        kept = renameat(folder, logs[log].fresh, folder, logs[log].name) == 0;
    kept = kept && renameat(folder, NEW_LEDGER, folder, LEDGER_NAME) == 0;
    if (!kept)
        warn(files);
    files->logs_are_fresh = files->logs_are_fresh && !kept;
    files->is_written = !kept;
}
