#include "exporter/publish.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/file.h"
#include "exporter/durable.h"
#include "tests/unit/unit.h"

static const char *const paths[] = {"top", "a/one", "a/two", "b/one"};
#define PATHS (sizeof paths / sizeof *paths)

/* A public folder, one run after the other. */
struct site {
    char folder[64];
    struct guard guard;
    struct publication publication;
    struct inventory before; /* what the last run left */
};

static struct text text_of(const char *string)
{
    return (struct text){string, (uint32_t)strlen(string)};
}

static void open_run(struct site *site)
{
    guard_open(&site->guard, 0, 0);
    assert_true(publication_open(&site->publication, site->folder, &site->guard));
    site->publication.previous = &site->before;
}

static void close_run(struct site *site)
{
    const char *path;
    struct publication *publication = &site->publication;
    assert_true(publication_commit(publication));
    assert_true(inventory_complete(&publication->inventory, publication->root_fd, 2, &path));
    inventory_free(&site->before);
    site->before = publication->inventory;
    publication->inventory = inventory_make();
    publication_close(publication);
    guard_close(&site->guard);
}

static void put_all(struct site *site, const char *content)
{
    assert_true(publication_folder(&site->publication, "a"));
    assert_true(publication_folder(&site->publication, "b"));
    for (size_t i = 0; i < PATHS; i++)
        assert_true(publication_put(&site->publication, paths[i], text_of(content)));
}

static void make_site(struct site *site)
{
    *site = (struct site){.before = inventory_make()};
    unit_make_folder(site->folder);
    open_run(site);
    put_all(site, "first");
    close_run(site);
}

static void remove_site(struct site *site)
{
    static const char *const names[] = {"cache/a", "cache/b", "cache"};
    char path[128];
    for (size_t i = 0; i < PATHS; i++) {
        assert_true(snprintf(path, sizeof path, "%s/cache/%s", site->folder, paths[i]) < (int)sizeof path);
        unlink(path);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(snprintf(path, sizeof path, "%s/%s", site->folder, names[i]) < (int)sizeof path);
        assert_int_equal(rmdir(path), 0);
    }
    inventory_free(&site->before);
    unit_remove_folder(site->folder);
}

static void assert_content(const struct site *site, const char *path, const char *expected)
{
    char full[128], error[FILE_ERROR_SIZE];
    struct buffer content = buffer_make(1000);
    assert_true(snprintf(full, sizeof full, "%s/cache/%s", site->folder, path) < (int)sizeof full);
    assert_true(file_read(full, &content, error));
    assert_string_equal(buffer_string(&content), expected);
    buffer_free(&content);
}

static void test_what_is_kept_is_noted(void **state)
{
    (void)state;
    struct site site;
    const char *path;
    make_site(&site);
    open_run(&site);
    for (size_t i = 0; i < PATHS; i++)
        assert_true(publication_keep(&site.publication, paths[i]));
    assert_int_equal(site.publication.figures.files_unchanged, PATHS);
    close_run(&site);
    open_run(&site);
    assert_true(inventory_stands(&site.before, site.publication.root_fd, 2, &path));
    close_run(&site);
    remove_site(&site);
}

static void test_what_is_not_as_it_was_is_not_kept(void **state)
{
    (void)state;
    struct site site;
    char full[128];
    make_site(&site);
    open_run(&site);
    assert_true(publication_keep(&site.publication, "a/one"));
    assert_false(publication_keep(&site.publication, "a/three"));
    assert_true(snprintf(full, sizeof full, "%s/cache/a/two", site.folder) < (int)sizeof full);
    int fd = open(full, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "F", 1), 1);
    close(fd);
    assert_false(publication_keep(&site.publication, "a/two"));
    assert_true(snprintf(full, sizeof full, "%s/cache/b/one", site.folder) < (int)sizeof full);
    assert_int_equal(unlink(full), 0);
    assert_false(publication_keep(&site.publication, "b/one"));
    assert_true(publication_keep(&site.publication, "top"));
    site.publication.previous = NULL;
    assert_false(publication_keep(&site.publication, "top"));
    assert_int_equal(site.publication.figures.files_unchanged, 2);
    assert_true(publication_put(&site.publication, "a/two", text_of("first")));
    assert_true(publication_put(&site.publication, "b/one", text_of("first")));
    close_run(&site);
    remove_site(&site);
}

/* inventory_stands has looked at every file, so keep need not. */
static void test_what_stands_is_kept_unseen(void **state)
{
    (void)state;
    struct site site;
    const char *path;
    make_site(&site);
    open_run(&site);
    assert_true(inventory_stands(&site.before, site.publication.root_fd, 2, &path));
    site.publication.previous_stands = true;
    assert_true(publication_keep(&site.publication, "a/one"));
    assert_false(publication_keep(&site.publication, "a/three"));
    assert_true(publication_put(&site.publication, "top", text_of("second")));
    close_run(&site);
    assert_content(&site, "top", "second");
    assert_content(&site, "a/one", "first");
    remove_site(&site);
}

static void test_looking_beside(void **state)
{
    (void)state;
    struct site site;
    char full[128];
    make_site(&site);
    open_run(&site);
    publication_look(&site.publication, &site.before);
    for (size_t i = 0; i < PATHS; i++)
        assert_true(publication_keep(&site.publication, paths[i]));
    assert_true(site.publication.previous_stands);
    close_run(&site);

    assert_true(snprintf(full, sizeof full, "%s/cache/a/two", site.folder) < (int)sizeof full);
    assert_int_equal(unlink(full), 0);
    open_run(&site);
    publication_look(&site.publication, &site.before);
    assert_true(publication_keep(&site.publication, "a/one"));
    assert_false(publication_keep(&site.publication, "a/two"));
    assert_true(publication_put(&site.publication, "a/two", text_of("first")));
    close_run(&site);

    /* Nobody asks for the answer. */
    open_run(&site);
    publication_look(&site.publication, &site.before);
    site.publication.previous = NULL;
    put_all(&site, "second");
    close_run(&site);
    open_run(&site);
    publication_look(&site.publication, &site.before);
    publication_discard(&site.publication);
    publication_close(&site.publication);
    guard_close(&site.guard);
    assert_content(&site, "a/two", "second");
    remove_site(&site);
}

static void test_nothing_shows_before_the_commit(void **state)
{
    (void)state;
    struct site site;
    make_site(&site);
    open_run(&site);
    put_all(&site, "second");
    publication_remove(&site.publication, "b/one");
    for (size_t i = 0; i < PATHS; i++)
        assert_content(&site, paths[i], "first");
    publication_discard(&site.publication);
    publication_close(&site.publication);
    guard_close(&site.guard);
    for (size_t i = 0; i < PATHS; i++)
        assert_content(&site, paths[i], "first");
    open_run(&site);
    put_all(&site, "second");
    close_run(&site);
    for (size_t i = 0; i < PATHS; i++)
        assert_content(&site, paths[i], "second");
    remove_site(&site);
}

/* The ways to the disk: few files, one by one; a new folder, or many, by syncfs. */
static void test_few_and_many(void **state)
{
    (void)state;
    struct site site;
    char path[32];
    make_site(&site);
    for (int round = 0; round < 2; round++) {
        open_run(&site);
        put_all(&site, "first");
        for (uint32_t i = 0; i < DURABLE_SINGLE_MAX + 20; i++) {
            assert_true(snprintf(path, sizeof path, "a/%u", i) < (int)sizeof path);
            if (round == 0)
                assert_true(publication_put(&site.publication, path, text_of(path)));
            else
                publication_remove(&site.publication, path);
        }
        close_run(&site);
        assert_int_equal(
            round ? site.publication.figures.files_removed : site.publication.figures.files_written,
            DURABLE_SINGLE_MAX + 20);
    }
    remove_site(&site);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_kept_is_noted),
        cmocka_unit_test(test_what_is_not_as_it_was_is_not_kept),
        cmocka_unit_test(test_what_stands_is_kept_unseen),
        cmocka_unit_test(test_looking_beside),
        cmocka_unit_test(test_nothing_shows_before_the_commit),
        cmocka_unit_test(test_few_and_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
