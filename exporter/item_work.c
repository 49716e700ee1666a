#include "exporter/item_work.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/deflate_match.h"
#include "common/file.h"
#include "common/log.h"
#include "common/memory.h"

#define NONE UINT32_MAX

/* Compressed bytes that are copied at once. */
#define COPY_BYTES ((size_t)64 * 1024)

/* Segments that are made at once: of each run but the first, the one before it is made twice. */
#define MADE_SEGMENTS 24u

/* What a segment can grow to if its items are huge. */
#define TEXT_MAX   ((size_t)1 << 30)
#define PACKED_MAX ((size_t)INT32_MAX)

/* What hands and runs keep of memory that a huge item needed. */
#define KEEP_BYTES ((size_t)256 * 1024)

/* ---- hands ---- */

struct item_hand item_hand_open(void)
{
    return (struct item_hand){.text = buffer_make(TEXT_MAX)};
}

static void close_state(struct item_hand *hand)
{
    if (hand->opened && hand->close)
        hand->close(hand->state);
    hand->opened = false;
}

static void *state_for(struct item_hand *hand, const struct item_work *work)
{
    if (hand->opened && hand->file == work->file)
        return hand->state;
    close_state(hand);
    hand->filled = false;
    hand->state = work->list.open ? work->list.open(work->list.context) : NULL;
    hand->close = work->list.close;
    hand->file = work->file;
    hand->opened = true;
    return hand->state;
}

void item_hand_close(struct item_hand *hand)
{
    close_state(hand);
    gzip_compressor_close(&hand->compressor);
    buffer_free(&hand->text);
}

/* ---- what is to be done ---- */

/* An index of the published segments by digest. */
static int compare_digests(const void *left, const void *right, void *context)
{
    const struct segment *segments = context;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = memcmp(segments[a].digest, segments[b].digest, ITEM_DIGEST_SIZE);
    return order ? order : (a > b) - (a < b);
}

static uint32_t find_source(
    const struct segments_file *old, const uint32_t *by_digest, const uint8_t digest[static ITEM_DIGEST_SIZE])
{
    uint32_t low = 0, high = old->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (memcmp(old->segments[by_digest[middle]].digest, digest, ITEM_DIGEST_SIZE) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    bool found =
        low < old->count && memcmp(old->segments[by_digest[low]].digest, digest, ITEM_DIGEST_SIZE) == 0;
    return found ? by_digest[low] : NONE;
}

/* Most segments follow the same one as before. Returns how many are the same and in the same place. */
static uint32_t find_sources(struct item_work *work)
{
    const struct segments_file *old = work->old;
    uint32_t *by_digest = memory_zalloc(old->count, sizeof *by_digest);
    uint32_t in_place = 0;
    for (uint32_t i = 0; i < old->count; i++)
        by_digest[i] = i;
    qsort_r(by_digest, old->count, sizeof *by_digest, compare_digests, old->segments);
    for (uint32_t i = 0; i < work->cuts.count; i++) {
        const uint8_t *digest = work->segments[i].digest;
        uint32_t guess = i && work->source[i - 1] != NONE ? work->source[i - 1] + 1 : 0;
        bool same = guess < old->count && memcmp(old->segments[guess].digest, digest, ITEM_DIGEST_SIZE) == 0;
        work->source[i] = same ? guess : find_source(old, by_digest, digest);
        in_place += work->source[i] == i;
    }
    free(by_digest);
    return in_place;
}

static void free_work(struct item_work *work)
{
    for (uint32_t i = 0; i < ITEM_WORK_SLOTS; i++)
        buffer_free(&work->runs[i].packed);
    if (work->old_fd >= 0)
        close(work->old_fd);
    item_cuts_free(&work->cuts);
    free(work->segments);
    free(work->source);
    free(work);
}

/* The published file, opened; whether it is as it was published goes to `*stands`. */
static void open_old(struct item_work *work, struct stat *status, bool *stands)
{
    struct publication *publication = work->publication;
    work->old = publication->segments ? segments_find(publication->segments, work->path) : NULL;
    if (!work->old)
        return;
    work->old_fd = openat(publication->root_fd, work->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (work->old_fd < 0 || fstat(work->old_fd, status) != 0 || !S_ISREG(status->st_mode))
        work->old = NULL;
    else
        *stands = inventory_mark(status) == work->old->mark;
}

static void plan(struct item_work *work)
{
    work->cuts = item_cut(&work->list);
    work->segments = memory_zalloc(work->cuts.count, sizeof *work->segments);
    work->source = memory_zalloc(work->cuts.count, sizeof *work->source);
    for (uint32_t i = 0; i < work->cuts.count; i++) {
        memcpy(work->segments[i].digest, work->cuts.segments[i].digest, ITEM_DIGEST_SIZE);
        work->source[i] = NONE;
    }
}

static bool begin(struct item_work *work)
{
    struct buffer header = buffer_make(64);
    gzip_append_header(&header);
    work->fd = publication_begin(work->publication, work->path);
    bool begun = work->fd >= 0;
    if (begun && !file_write_all(work->fd, header.data, header.length))
        begun = guard_fail_file(work->guard, "write", work->publication->root, work->path);
    buffer_free(&header);
    return begun;
}

struct item_work *item_work_open(
    struct publication *publication, const char *path, const struct item_list *list, struct guard *guard)
{
    struct item_work *work = memory_zalloc(1, sizeof *work);
    struct stat status;
    bool stands = false;
    work->publication = publication;
    work->guard = guard;
    work->list = *list;
    work->old_fd = work->fd = -1;
    for (uint32_t i = 0; i < ITEM_WORK_SLOTS; i++)
        work->runs[i].packed = buffer_make(PACKED_MAX);
    int length = snprintf(work->path, sizeof work->path, "%s", path);
    if (length < 0 || (size_t)length >= sizeof work->path)
        log_bug("item_work: a path of %d bytes", length);
    plan(work);
    open_old(work, &status, &stands);
    uint32_t in_place = work->old ? find_sources(work) : 0;
    if (stands && in_place == work->cuts.count && in_place == work->old->count) {
        publication_stays(publication, path, &status);
        segments_note(publication->segments, path, work->old->segments, work->old->count);
    } else if (begin(work)) {
        return work;
    }
    if (work->fd >= 0)
        publication_end(publication, path, work->fd);
    free_work(work);
    return NULL;
}

uint32_t item_work_to_make(const struct item_work *work)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < work->cuts.count; i++)
        count += work->source[i] == NONE;
    return (count + MADE_SEGMENTS - 1) / MADE_SEGMENTS;
}

/* ---- runs ---- */

struct item_run *item_work_take(struct item_work *work)
{
    if (work->next_segment == work->cuts.count || work->next_run - work->next_write == ITEM_WORK_SLOTS)
        return NULL;
    struct item_run *run = &work->runs[work->next_run++ % ITEM_WORK_SLOTS];
    uint32_t first = work->next_segment, source = work->source[first];
    run->first = first;
    run->count = 1;
    run->copied = source != NONE;
    run->made = false;
    size_t bytes = run->copied ? work->old->segments[source].packed_length : 0;
    while (!run->copied && run->count < MADE_SEGMENTS && first + run->count < work->cuts.count &&
           work->source[first + run->count] == NONE)
        run->count++;
    while (run->copied && first + run->count < work->cuts.count &&
           work->source[first + run->count] == source + run->count &&
           bytes + work->old->segments[source + run->count].packed_length <= COPY_BYTES)
        bytes += work->old->segments[source + run->count++].packed_length;
    work->next_segment += run->count;
    return run;
}

/* Appends published segments that follow each other. False, with `packed` as it was, where the published file
 * does not hold what the table says. */
static bool copy(struct item_work *work, uint32_t first, uint32_t count, struct buffer *packed)
{
    const struct segment *from = &work->old->segments[work->source[first]];
    size_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += from[i].packed_length;
    uint8_t *to = buffer_reserve(packed, bytes);
    if (!to || !file_read_at(work->old_fd, to, bytes, from->offset))
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (XXH3_64bits(to, from[i].packed_length) != from[i].check)
            return false;
        to += from[i].packed_length;
    }
    memcpy(work->segments + first, from, count * sizeof *from);
    packed->length += bytes;
    return true;
}

static bool append_items(struct item_work *work, const struct item_segment *segment, struct item_hand *hand)
{
    const struct item_list *list = &work->list;
    void *state = state_for(hand, work);
    if (segment->first == 0)
        buffer_append(&hand->text, list->head.data, list->head.length);
    for (uint64_t item = segment->first; item < segment->end; item++) {
        if (item)
            buffer_append_byte(&hand->text, ',');
        if (!list->append(list->context, state, item, &hand->text))
            return false;
    }
    if (segment->end == list->count)
        buffer_append(&hand->text, list->tail.data, list->tail.length);
    return !hand->text.overflowed ||
           guard_fail(work->guard, "%s: a segment is larger than can be held", work->path);
}

/* Has the text end with that of segment `place`, and nothing before it but what is in view of it. */
static bool fill_text(struct item_work *work, uint32_t place, struct item_hand *hand)
{
    size_t view = hand->segment_length < DEFLATE_WINDOW ? hand->segment_length : DEFLATE_WINDOW;
    if (place == 0)
        view = 0;
    if (view)
        memmove(hand->text.data, hand->text.data + hand->text.length - view, view);
    buffer_clear(&hand->text);
    hand->text.length = view;
    hand->is_packed = false;
    hand->filled = append_items(work, &work->cuts.segments[place], hand);
    hand->segment = place;
    hand->segment_length = hand->text.length - view;
    return hand->filled;
}

/* Whether the segment in hand is the one before `place`. */
static bool is_next(const struct item_hand *hand, const struct item_work *work, uint32_t place)
{
    return hand->filled && hand->opened && hand->file == work->file && hand->segment + 1 == place;
}

/* Segment `place` follows the one in hand, or that is made again. */
static bool fill_both(struct item_work *work, uint32_t place, struct item_hand *hand)
{
    bool follows = is_next(hand, work, place);
    if (!follows) {
        hand->segment_length = 0;
        buffer_trim(&hand->text, KEEP_BYTES);
    }
    return (place == 0 || follows || fill_text(work, place - 1, hand)) && fill_text(work, place, hand);
}

static bool make_segment(
    struct item_work *work, uint32_t place, struct item_hand *hand, struct buffer *packed)
{
    struct segment *segment = &work->segments[place];
    struct gzip_segment made;
    size_t start = packed->length;
    if (!hand->compressor)
        hand->compressor = gzip_compressor_open();
    bool follows = hand->is_packed && is_next(hand, work, place);
    if (!fill_both(work, place, hand))
        return false;
    size_t view = hand->text.length - hand->segment_length;
    hand->is_packed = gzip_append_segment(
        hand->compressor, hand->text.data + view, view, hand->segment_length, follows, packed, &made);
    if (!hand->is_packed)
        return guard_fail(work->guard, "%s: a segment is larger than can be compressed", work->path);
    segment->packed_length = (uint32_t)(packed->length - start);
    segment->length = (uint32_t)made.length;
    segment->crc32 = made.crc32;
    segment->check = XXH3_64bits(packed->data + start, segment->packed_length);
    return true;
}

bool item_work_make(struct item_work *work, struct item_run *run, struct item_hand *hand)
{
    struct buffer *packed = &run->packed;
    buffer_clear(packed);
    if (run->copied && copy(work, run->first, run->count, packed))
        return true;
    for (uint32_t i = run->first; i < run->first + run->count; i++) {
        if (!guard_ok(work->guard))
            return false;
        if (!(run->copied && copy(work, i, 1, packed)) && !make_segment(work, i, hand, packed))
            return false;
    }
    return true;
}

struct item_run *item_work_next_to_write(struct item_work *work, struct item_run *written)
{
    if (written) {
        work->writing = false;
        work->next_write++;
        buffer_trim(&written->packed, KEEP_BYTES);
    }
    struct item_run *run = &work->runs[work->next_write % ITEM_WORK_SLOTS];
    if (work->writing || work->next_write == work->next_run || !run->made)
        return NULL;
    work->writing = true;
    return run;
}

bool item_work_write(struct item_work *work, const struct item_run *run)
{
    for (uint32_t i = 0; i < run->count; i++) {
        const struct segment *segment = &work->segments[run->first + i];
        const struct gzip_segment piece = {.length = segment->length, .crc32 = segment->crc32};
        gzip_sum_add(&work->sum, &piece);
    }
    return file_write_all(work->fd, run->packed.data, run->packed.length) ||
           guard_fail_file(work->guard, "write", work->publication->root, work->path);
}

bool item_work_done(const struct item_work *work)
{
    return work->next_segment == work->cuts.count && work->next_write == work->next_run;
}

bool item_work_close(struct item_work *work, bool whole)
{
    struct buffer trailer = buffer_make(64);
    gzip_append_trailer(&work->sum, &trailer);
    if (whole && !file_write_all(work->fd, trailer.data, trailer.length))
        whole = guard_fail_file(work->guard, "write", work->publication->root, work->path);
    buffer_free(&trailer);
    bool ended = publication_end(work->publication, work->path, work->fd) && whole;
    if (ended && work->publication->segments)
        segments_note(work->publication->segments, work->path, work->segments, work->cuts.count);
    free_work(work);
    return ended;
}
