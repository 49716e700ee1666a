#include "common/leak_scan.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LARGE      ((size_t)1024 * 1024) /* smaller segments are read faster than looked at */
#define PARTS_MOST 1024
#define BATCH      512          /* pages asked about at once */
#define HAS_MEMORY (3ull << 62) /* in memory, or swapped out */

typedef ElfW(Phdr) segment_header;
typedef ElfW(Addr) address;
typedef int visit_function(struct dl_phdr_info *, size_t, void *);
typedef int iterate_function(visit_function *, void *);

/* Of the runtime: the one object that it leaves out when it reads, and that has to be in one part as a whole.
 */
extern void allocator_range(uintptr_t *begin, uintptr_t *end) __asm__(
    "_ZN6__lsan23GetAllocatorGlobalRangeEPmS0_") __attribute__((weak));

/* Set once, when there is nothing but the end to come; an interposed function gets no context. */
static iterate_function *next;
static uintptr_t page_size; /* 0: not at the end yet */

struct visit {
    visit_function *callback;
    void *data;
    int pagemap;
    uintptr_t kept_begin, kept_end; /* pages that stay in any case */
};

/* The program headers of one object, its large segments in parts. */
struct headers {
    segment_header parts[PARTS_MOST];
    size_t count;
};

/* System calls by themselves: the caller has stopped all threads, and functions of the C library may be the
 * sanitizer's. */
static bool read_entries(const struct visit *visit, uintptr_t page, uint64_t *entries, size_t count)
{
    size_t size = count * sizeof *entries;
    long got = syscall(SYS_pread64, visit->pagemap, entries, size, page * sizeof *entries);
    return got == (long)size;
}

/* Takes [begin, end) of this segment to the part before it if they touch, else as a new part. */
static bool add_part(
    struct headers *headers, size_t first, const segment_header *segment, address begin, address end)
{
    segment_header *last = headers->count > first ? &headers->parts[headers->count - 1] : NULL;
    if (last && last->p_vaddr + last->p_memsz == begin) {
        last->p_memsz = end - last->p_vaddr;
        return true;
    }
    if (headers->count == PARTS_MOST)
        return false;
    headers->parts[headers->count] = *segment;
    headers->parts[headers->count].p_vaddr = begin;
    headers->parts[headers->count++].p_memsz = end - begin;
    return true;
}

/* Adds those parts of a segment that have memory behind them. */
static bool add_touched(
    struct headers *headers, const struct visit *visit, const segment_header *segment, address base)
{
    uint64_t entries[BATCH];
    size_t first = headers->count;
    uintptr_t begin = base + segment->p_vaddr, end = begin + segment->p_memsz;
    uintptr_t page = begin / page_size, pages_end = (end + page_size - 1) / page_size;
    while (page < pages_end) {
        size_t count = pages_end - page < BATCH ? pages_end - page : BATCH;
        if (!read_entries(visit, page, entries, count))
            return false;
        for (size_t i = 0; i < count; i++, page++) {
            uintptr_t from = page * page_size, to = from + page_size;
            bool kept = from < visit->kept_end && to > visit->kept_begin;
            if (!kept && !(entries[i] & HAS_MEMORY))
                continue;
            if (!add_part(headers, first, segment, (from < begin ? begin : from) - base,
                    (to > end ? end : to) - base))
                return false;
        }
    }
    return true;
}

static bool add_header(
    struct headers *headers, const struct visit *visit, const segment_header *segment, address base)
{
    if (segment->p_type == PT_LOAD && segment->p_flags & PF_W && segment->p_memsz >= LARGE)
        return add_touched(headers, visit, segment, base);
    if (headers->count == PARTS_MOST)
        return false;
    headers->parts[headers->count++] = *segment;
    return true;
}

static int visit_touched(struct dl_phdr_info *info, size_t size, void *data)
{
    const struct visit *visit = data;
    struct headers headers;
    headers.count = 0;
    for (size_t i = 0; i < info->dlpi_phnum; i++)
        if (!add_header(&headers, visit, &info->dlpi_phdr[i], info->dlpi_addr))
            return visit->callback(info, size, visit->data);
    struct dl_phdr_info touched = *info;
    touched.dlpi_phdr = headers.parts;
    touched.dlpi_phnum = (ElfW(Half))headers.count;
    return visit->callback(&touched, size, visit->data);
}

static iterate_function *find_next(void)
{
    iterate_function *found;
    void *symbol = dlsym(RTLD_NEXT, "dl_iterate_phdr");
    memcpy(&found, &symbol, sizeof found);
    return found;
}

int dl_iterate_phdr(visit_function *callback, void *data)
{
    iterate_function *iterate = next ? next : find_next();
    if (!page_size || !allocator_range)
        return iterate(callback, data);
    struct visit visit = {.callback = callback, .data = data};
    allocator_range(&visit.kept_begin, &visit.kept_end);
    visit.pagemap = (int)syscall(SYS_open, "/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (visit.pagemap < 0)
        return iterate(callback, data);
    int result = iterate(visit_touched, &visit);
    syscall(SYS_close, visit.pagemap);
    return result;
}

__attribute__((destructor)) void leak_scan_begin_end(void)
{
    next = find_next();
    page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
}
