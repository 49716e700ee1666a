/* The broker opens what a public_folder would, and nothing else, for a server that may not. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

#include "exporter/httpd/folder_broker.h"

#define THREADS 4
#define ROUNDS  200

struct tree {
    char root[64], public[96], file[128], secret[128];
    struct public_folder folder;
    struct folder_broker *broker;
};

static int make_tree(void **state)
{
    static struct tree tree;
    unit_make_folder(tree.root);
    snprintf(tree.public, sizeof tree.public, "%s/public", tree.root);
    unit_write_file(tree.root, "secret", "secret", tree.secret);
    tree.folder = (struct public_folder){.path = tree.public, .by_walk = !public_folder_has_openat2()};
    tree.broker = folder_broker_start(&tree.folder);
    assert_non_null(tree.broker);
    assert_int_equal(mkdir(tree.public, 0755), 0);
    unit_write_file(tree.public, "a", "inside", tree.file);
    *state = &tree;
    return 0;
}

static int remove_tree(void **state)
{
    struct tree *tree = *state;
    folder_broker_close(&tree->broker);
    unlink(tree->file);
    unlink(tree->secret);
    rmdir(tree->public);
    return rmdir(tree->root);
}

static bool holds(int fd, const char *content)
{
    char bytes[32] = "";
    bool same = fd >= 0 && read(fd, bytes, sizeof bytes - 1) >= 0 && strcmp(bytes, content) == 0;
    if (fd >= 0)
        close(fd);
    return same;
}

static void test_it_opens_files_of_a_folder_that_came_later(void **state)
{
    const struct tree *tree = *state;
    assert_true(holds(folder_broker_open_below(tree->broker, "a"), "inside"));
    assert_int_equal(folder_broker_open_below(tree->broker, "none"), -1);
    assert_int_equal(errno, ENOENT);
}

static void test_it_opens_nothing_outside(void **state)
{
    const struct tree *tree = *state;
    static const char *const paths[] = {"../secret", "/etc/passwd", "a/../../secret", ""};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(folder_broker_open_below(tree->broker, paths[i]), -1);
    char longest[4096];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    assert_int_equal(folder_broker_open_below(tree->broker, longest), -1);
    assert_int_equal(errno, ENAMETOOLONG);
}

static void *ask_often(void *context)
{
    const struct tree *tree = context;
    size_t wrong = 0;
    for (int i = 0; i < ROUNDS; i++)
        wrong += !holds(folder_broker_open_below(tree->broker, "a"), "inside");
    return wrong ? context : NULL;
}

static void test_threads_get_their_own_answers(void **state)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_often, *state), 0);
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_it_opens_files_of_a_folder_that_came_later, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(test_it_opens_nothing_outside, make_tree, remove_tree),
        cmocka_unit_test_setup_teardown(test_threads_get_their_own_answers, make_tree, remove_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
