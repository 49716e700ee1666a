#include "coordinator/store_writer.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/record.h"
#include "tests/unit/unit.h"

/* A real environment in a folder of its own. Failures are real too: of the map's size, and of RLIMIT_FSIZE,
 * above which pwrite says EFBIG. */
struct fixture {
    char folder[64];
    MDB_env *env;
    MDB_dbi dbi;
    struct lmdb_map map;
    struct store_writer *writer;
};

static struct fixture *open_with_map(size_t map_bytes)
{
    struct fixture *f = calloc(1, sizeof *f);
    MDB_txn *txn;
    unit_make_folder(f->folder);
    assert_int_equal(mdb_env_create(&f->env), 0);
    assert_int_equal(mdb_env_set_mapsize(f->env, map_bytes), 0);
    assert_int_equal(mdb_env_open(f->env, f->folder, MDB_NOTLS, 0600), 0);
    assert_int_equal(mdb_txn_begin(f->env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, NULL, 0, &f->dbi), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    f->writer = store_writer_open(f->env, f->folder, &f->map, 7);
    return f;
}

static void close_all(struct fixture *f)
{
    store_writer_close(&f->writer);
    mdb_env_close(f->env);
    unit_remove_store(f->folder);
    free(f);
}

static void put(struct fixture *f, const char *key, size_t length)
{
    char *bytes = calloc(1, length);
    store_writer_put(f->writer, f->dbi, record_value(key, strlen(key)), record_value(bytes, length));
    free(bytes);
}

static bool is_there(struct fixture *f, const char *key)
{
    MDB_txn *txn;
    MDB_val name = record_value(key, strlen(key)), value;
    assert_int_equal(mdb_txn_begin(f->env, NULL, MDB_RDONLY, &txn), 0);
    bool found = mdb_get(txn, f->dbi, &name, &value) == MDB_SUCCESS;
    mdb_txn_abort(txn);
    return found;
}

static void test_what_is_submitted_is_on_disk_after_waiting(void **state)
{
    (void)state;
    char problem[STORE_PROBLEM_SIZE];
    struct fixture *f = open_with_map((size_t)1 << 20);
    assert_false(store_writer_dirty(f->writer));
    put(f, "a", 100);
    assert_int_equal(store_writer_generation(f->writer), 8);
    assert_true(store_writer_submit(f->writer));
    assert_true(store_writer_wait(f->writer));
    assert_int_equal(store_writer_committed(f->writer), 8);
    assert_int_equal(store_writer_health(f->writer, problem), STORE_WELL);
    assert_true(is_there(f, "a"));
    close_all(f);
}

/* Nothing is committed and nothing further taken until it heals; then the batch is there, whole. */
static void test_a_full_map_is_waited_for(void **state)
{
    (void)state;
    char problem[STORE_PROBLEM_SIZE];
    struct fixture *f = open_with_map((size_t)256 * 1024);
    put(f, "small", 10);
    put(f, "large", (size_t)1 << 20);
    assert_true(store_writer_submit(f->writer));
    assert_false(store_writer_wait(f->writer));
    assert_int_equal(store_writer_health(f->writer, problem), STORE_WAITS);
    assert_non_null(strstr(problem, "raise store.map_size_mb"));
    assert_int_equal(store_writer_committed(f->writer), 7);
    assert_false(is_there(f, "small"));
    put(f, "later", 10);
    assert_false(store_writer_submit(f->writer));
    assert_true(store_writer_open_bytes(f->writer) > 0);
    assert_int_equal(mdb_env_set_mapsize(f->env, (size_t)8 << 20), 0);
    struct pollfd event = {.fd = store_writer_event_fd(f->writer), .events = POLLIN};
    assert_int_equal(poll(&event, 1, 10000), 1);
    assert_int_equal(store_writer_committed(f->writer), 8);
    assert_int_equal(store_writer_health(f->writer, problem), STORE_WELL);
    assert_true(is_there(f, "small") && is_there(f, "large"));
    assert_true(store_writer_submit(f->writer) && store_writer_wait(f->writer));
    assert_true(is_there(f, "later"));
    close_all(f);
}

static void test_another_error_is_final(void **state)
{
    (void)state;
    char problem[STORE_PROBLEM_SIZE];
    struct rlimit before, small;
    struct fixture *f = open_with_map((size_t)8 << 20);
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = (struct rlimit){.rlim_cur = 64 * 1024, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    put(f, "large", (size_t)1 << 20);
    assert_true(store_writer_submit(f->writer));
    assert_false(store_writer_wait(f->writer));
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(store_writer_health(f->writer, problem), STORE_FAILED);
    assert_non_null(strstr(problem, "a restart is safe"));
    put(f, "later", 10);
    assert_false(store_writer_submit(f->writer));
    assert_int_equal(store_writer_committed(f->writer), 7);
    assert_false(is_there(f, "large"));
    close_all(f);
}

/* The end is not waited for when it would never come. */
static void test_closing_while_it_waits(void **state)
{
    (void)state;
    struct fixture *f = open_with_map((size_t)256 * 1024);
    put(f, "large", (size_t)1 << 20);
    assert_true(store_writer_submit(f->writer));
    assert_false(store_writer_wait(f->writer));
    close_all(f);
}

static void test_what_may_heal(void **state)
{
    (void)state;
    static const int heal[] = {ENOSPC, EDQUOT, ENOMEM, MDB_MAP_FULL};
    static const int stay[] = {EIO, EROFS, EFBIG, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_BAD_TXN};
    for (size_t i = 0; i < sizeof heal / sizeof *heal; i++)
        assert_true(store_may_heal(heal[i]));
    for (size_t i = 0; i < sizeof stay / sizeof *stay; i++)
        assert_false(store_may_heal(stay[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_submitted_is_on_disk_after_waiting),
        cmocka_unit_test(test_a_full_map_is_waited_for),
        cmocka_unit_test(test_another_error_is_final),
        cmocka_unit_test(test_closing_while_it_waits),
        cmocka_unit_test(test_what_may_heal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
