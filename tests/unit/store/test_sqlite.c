/* The writer that shares commits, a full disk, a kill, a backup while writing. */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/limits.h"
#include "store/settings.h"
#include "store/sqlite_store.h"
#include "store_fixture.h"

static void open_sqlite(struct fixture *f) {
    CHECK(fixture_init(f, FIXTURE_SQLITE));
    fixture_open(f);
}

static pw_code put_key(struct txn *txn, void *arg, struct err *err) {
    return settings_put(txn, str_of(arg), STR("x"), err);
}

static pw_code count_settings(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(2));
    int                          *count = arg;
    str                           value;
    char                          key[32];

    for (*count = 0;; ++*count) {
        pw_code code;

        snprintf(key, sizeof key, "%d", *count);
        arena_reset(&arena);
        code = settings_get(txn, str_of(key), &arena, &value, err);
        if (code != PW_OK)
            return code == PW_NOT_FOUND ? PW_OK : code;
    }
}

/* Keys "0", "1", ... without a gap. */
static int settings_in(struct store *store) {
    struct err err = ERR_NONE;
    int        count;

    CHECK_OK(store_read(store, count_settings, &count, &err));
    return count;
}

/* --- sharing commits --- */

struct ask {
    struct store       *store;
    enum store_priority priority;
    const char         *name;
    pthread_t           thread;
};

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t  changed;
    bool            holds, go;
    char            order[256];
} stage = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static pw_code hold(struct txn *txn, void *arg, struct err *err) {
    (void)txn, (void)arg, (void)err;
    pthread_mutex_lock(&stage.mutex);
    stage.holds = true;
    pthread_cond_broadcast(&stage.changed);
    while (!stage.go)
        pthread_cond_wait(&stage.changed, &stage.mutex);
    pthread_mutex_unlock(&stage.mutex);
    return PW_OK;
}

static pw_code note(struct txn *txn, void *arg, struct err *err) {
    strcat(stage.order, arg);
    return settings_put(txn, str_of(arg), STR("x"), err);
}

static void *ask_to_hold(void *arg) {
    struct ask *ask = arg;

    (void)store_write(ask->store, ask->priority, hold, NULL, NULL); /* always fine */
    return NULL;
}

static void *ask_to_note(void *arg) {
    struct ask *ask = arg;

    (void)store_write(ask->store, ask->priority, note, (void *)(uintptr_t)ask->name, NULL);
    return NULL;
}

/* The writer is held by `holder`; then the others queue up, in order; then it goes. */
static uint64_t run_behind(struct store *store, enum store_priority holder, struct ask *asks,
                           size_t count, useconds_t wait_us) {
    struct ask first = {.store = store, .priority = holder};
    uint64_t   before;

    stage.holds = stage.go = false;
    stage.order[0] = '\0';
    CHECK_EQ(pthread_create(&first.thread, NULL, ask_to_hold, &first), 0);
    pthread_mutex_lock(&stage.mutex);
    while (!stage.holds)
        pthread_cond_wait(&stage.changed, &stage.mutex);
    pthread_mutex_unlock(&stage.mutex);
    before = sqlite_writer_commits(store);
    for (size_t i = 0; i < count; i++) {
        asks[i].store = store;
        CHECK_EQ(pthread_create(&asks[i].thread, NULL, ask_to_note, &asks[i]), 0);
        usleep(20000); /* so that they stand in line as written */
    }
    usleep(wait_us);
    pthread_mutex_lock(&stage.mutex);
    stage.go = true;
    pthread_cond_broadcast(&stage.changed);
    pthread_mutex_unlock(&stage.mutex);
    pthread_join(first.thread, NULL);
    for (size_t i = 0; i < count; i++)
        pthread_join(asks[i].thread, NULL);
    return sqlite_writer_commits(store) - before;
}

TEST(foreground_goes_first_and_shares_a_commit) {
    struct fixture f;
    struct ask     asks[] = {{.priority = STORE_BACKGROUND, .name = "b"},
                             {.priority = STORE_FOREGROUND, .name = "F"},
                             {.priority = STORE_FOREGROUND, .name = "G"}};
    uint64_t       commits;

    open_sqlite(&f);
    commits = run_behind(f.store, STORE_FOREGROUND, asks, COUNT_OF(asks), 0);
    CHECK_TEXT(stage.order, "FGb");
    /* one for the holder, one for both of the foreground, one for the background */
    CHECK(commits <= 3);
    fixture_done(&f);
}

TEST(background_that_waited_long_gets_its_turn) {
    struct fixture f;
    struct ask     asks[] = {{.priority = STORE_BACKGROUND, .name = "b"},
                             {.priority = STORE_FOREGROUND, .name = "F"}};

    open_sqlite(&f);
    /* the batch of the holder is past its time, so the next one starts with a choice */
    run_behind(f.store, STORE_FOREGROUND, asks, COUNT_OF(asks),
               2 * LIMIT_BACKGROUND_WAIT_MS * 1000);
    CHECK_TEXT(stage.order, "bF");
    fixture_done(&f);
}

enum { WRITERS = 16, EACH_WRITES = 40 };

struct counting {
    struct store *store;
    _Atomic int   next;
    _Atomic int   failed;
};

static void *write_numbers(void *arg) {
    struct counting *counting = arg;

    for (int i = 0; i < EACH_WRITES; i++) {
        char key[32];

        snprintf(key, sizeof key, "%d", atomic_fetch_add(&counting->next, 1));
        if (store_write(counting->store, STORE_FOREGROUND, put_key, key, NULL) != PW_OK)
            atomic_fetch_add(&counting->failed, 1);
    }
    return NULL;
}

TEST(many_writers_share_commits) {
    struct fixture  f;
    struct counting counting = {0};
    pthread_t       threads[WRITERS];
    uint64_t        before;

    open_sqlite(&f);
    counting.store = f.store;
    before = sqlite_writer_commits(f.store);
    EACH (t, threads)
        CHECK_EQ(pthread_create(t, NULL, write_numbers, &counting), 0);
    EACH (t, threads)
        pthread_join(*t, NULL);
    CHECK_EQ(atomic_load(&counting.failed), 0);
    CHECK_EQ(settings_in(f.store), WRITERS * EACH_WRITES);
    CHECK(sqlite_writer_commits(f.store) - before < WRITERS * EACH_WRITES);
    fixture_done(&f);
}

/* --- the log stays bounded --- */

static _Atomic int megabytes;

static pw_code put_megabyte(struct txn *txn, void *arg, struct err *err) {
    AUTO(buf_done) struct buf text = BUF_INIT(MIB(2));
    char                     *room = buf_room(&text, MIB(1));

    memset(room, 'x', MIB(1));
    snprintf(room, 32, "%d", atomic_fetch_add(&megabytes, 1)); /* SQLite writes what differs */
    buf_wrote(&text, MIB(1));
    return settings_put(txn, str_of(arg), buf_str(&text), err);
}

static pw_code read_key(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(2));
    str                           value;

    return settings_get(txn, str_of(arg), &arena, &value, err);
}

static void *read_without_end(void *arg) {
    struct counting *counting = arg;

    while (atomic_load(&counting->next) == 0)
        if (store_read(counting->store, read_key, (void *)(uintptr_t) "small", NULL) != PW_OK)
            atomic_fetch_add(&counting->failed, 1);
    return NULL;
}

/* 300 MiB go through the log while there is always a reader somewhere. */
TEST(the_log_is_copied_back) {
    struct fixture  f;
    struct counting counting = {0};
    pthread_t       readers[3];
    struct err      err = ERR_NONE;
    struct stat     facts;
    char            wal[128];

    open_sqlite(&f);
    counting.store = f.store;
    CHECK_OK(store_write(f.store, STORE_FOREGROUND, put_key, (void *)(uintptr_t) "small", &err));
    EACH (reader, readers)
        CHECK_EQ(pthread_create(reader, NULL, read_without_end, &counting), 0);
    for (int i = 0; i < 300; i++) {
        char key[32];

        snprintf(key, sizeof key, "big %d", i % 2);
        CHECK_OK(store_write(f.store, STORE_BACKGROUND, put_megabyte, key, &err));
    }
    snprintf(wal, sizeof wal, "%s-wal", f.path);
    CHECK_EQ(stat(wal, &facts), 0);
    CHECK(facts.st_size < (off_t)MIB(200));
    atomic_store(&counting.next, 1);
    EACH (reader, readers)
        pthread_join(*reader, NULL);
    CHECK_EQ(atomic_load(&counting.failed), 0);
    fixture_done(&f);
}

/* --- a full disk --- */

TEST(a_full_disk_is_an_error_and_no_more) {
    struct fixture f;
    struct err     err = ERR_NONE;
    char           key[32];
    int            written = 0;
    pw_code        code = PW_OK;

    CHECK(fixture_init(&f, FIXTURE_SQLITE));
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", f.folder, "tmpfs", 0, "size=8m") != 0)
        SKIP("a small disk can be mounted by root only");
    fixture_open(&f);
    for (; code == PW_OK && written < 100; written += code == PW_OK) {
        snprintf(key, sizeof key, "%d", written);
        code = store_write(f.store, STORE_FOREGROUND, put_megabyte, key, &err);
    }
    CHECK_EQ(code, PW_NO_SPACE);
    CHECK(strstr(err_text(&err), "the disk of the database is full") != NULL);
    CHECK_EQ(settings_in(f.store), written); /* what was acknowledged, and nothing else */
    CHECK_OK(store_check(f.store, &err));
    CHECK_EQ(mount("tmpfs", f.folder, "tmpfs", MS_REMOUNT, "size=64m"), 0);
    snprintf(key, sizeof key, "%d", written);
    CHECK_OK(store_write(f.store, STORE_FOREGROUND, put_megabyte, key, &err));
    store_close(f.store);
    fixture_open(&f);
    CHECK_EQ(settings_in(f.store), written + 1);
    store_close(f.store);
    CHECK_EQ(umount(f.folder), 0);
    rmdir(f.folder);
}

/* --- a kill --- */

enum { KILLS = 20, CHILD_WRITERS = 4 };

struct child {
    struct store *store;
    int           out, first;
};

static void *acknowledge(void *arg) {
    struct child *child = arg;

    for (int n = child->first;; n += CHILD_WRITERS) {
        char key[32];

        snprintf(key, sizeof key, "%d", n);
        if (store_write(child->store, STORE_FOREGROUND, put_key, key, NULL) != PW_OK ||
            write(child->out, &n, sizeof n) != sizeof n)
            _exit(2);
    }
}

static _Noreturn void write_until_killed(const char *path, int first, int out) {
    struct store_options options = {.path = path};
    struct child         children[CHILD_WRITERS];
    pthread_t            threads[CHILD_WRITERS];
    struct store        *store;

    if (store_open(&options, &store, NULL) != PW_OK)
        _exit(1);
    for (int i = 0; i < CHILD_WRITERS; i++) {
        children[i] = (struct child){store, out, first + i};
        if (pthread_create(&threads[i], NULL, acknowledge, &children[i]) != 0)
            _exit(3);
    }
    for (;;)
        pause();
}

static int kill_one(const char *path, int first, char *acknowledged, size_t room) {
    int   fds[2], n, status, count = 0;
    pid_t pid;

    CHECK_EQ(pipe(fds), 0);
    pid = fork();
    if (pid == 0) {
        close(fds[0]);
        write_until_killed(path, first, fds[1]);
    }
    close(fds[1]);
    while (read(fds[0], &n, sizeof n) == sizeof n) {
        CHECK(n >= 0 && (size_t)n < room);
        acknowledged[n] = 1;
        if (++count == 40)
            kill(pid, SIGKILL); /* what is in the pipe was acknowledged too */
    }
    close(fds[0]);
    waitpid(pid, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return count;
}

struct wanted {
    const char *acknowledged;
    size_t      count;
    int         missing;
};

static pw_code count_missing(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));
    struct wanted                *wanted = arg;
    str                           value;

    for (size_t i = 0; i < wanted->count; i++) {
        char key[32];

        if (!wanted->acknowledged[i])
            continue;
        snprintf(key, sizeof key, "%zu", i);
        wanted->missing += settings_get(txn, str_of(key), &arena, &value, err) != PW_OK;
    }
    return PW_OK;
}

TEST(what_was_acknowledged_survives_a_kill) {
    static char    acknowledged[200000];
    struct fixture f;
    struct err     err = ERR_NONE;
    struct wanted  wanted = {acknowledged, sizeof acknowledged, 0};

    open_sqlite(&f);
    store_close(f.store);
    for (int round = 0; round < KILLS; round++)
        CHECK(kill_one(f.path, round * 10000, acknowledged, sizeof acknowledged) >= 40);
    fixture_open(&f);
    CHECK_OK(store_read(f.store, count_missing, &wanted, &err));
    CHECK_EQ(wanted.missing, 0);
    CHECK_OK(store_check(f.store, &err));
    fixture_done(&f);
}

/* --- care --- */

static void *back_up(void *arg) {
    struct fixture *f = arg;
    char            path[128];

    snprintf(path, sizeof path, "%s/copy.db", f->folder);
    return (void *)(uintptr_t)store_backup(f->store, path, NULL);
}

/* The drill: back up while writers go on, then open the copy as a store. */
TEST(a_backup_while_writing_can_be_opened) {
    struct fixture  f, copy;
    struct counting counting = {0};
    struct err      err = ERR_NONE;
    struct stat     facts;
    pthread_t       writer, backup;
    void           *code;
    int             before, after;

    open_sqlite(&f);
    counting.store = f.store;
    CHECK_OK(store_write(f.store, STORE_FOREGROUND, put_megabyte, (void *)(uintptr_t) "big", &err));
    write_numbers(&counting);
    before = settings_in(f.store);
    CHECK_EQ(pthread_create(&writer, NULL, write_numbers, &counting), 0);
    CHECK_EQ(pthread_create(&backup, NULL, back_up, &f), 0);
    pthread_join(backup, &code);
    pthread_join(writer, NULL);
    CHECK_EQ((uintptr_t)code, PW_OK);
    after = settings_in(f.store);
    copy = f;
    snprintf(copy.path, sizeof copy.path, "%s/copy.db", f.folder);
    copy.options.path = copy.path;
    CHECK_EQ(stat(copy.path, &facts), 0);
    CHECK_EQ(facts.st_mode & 0777, 0600);
    fixture_open(&copy);
    CHECK(settings_in(copy.store) >= before && settings_in(copy.store) <= after);
    CHECK_OK(store_check(copy.store, &err));
    CHECK_OK(
        store_write(copy.store, STORE_FOREGROUND, put_megabyte, (void *)(uintptr_t) "more", &err));
    store_close(copy.store);
    CHECK_EQ(store_backup(f.store, copy.path, &err), PW_CONFLICT); /* never over a file */
    CHECK_EQ(store_backup(f.store, "/nowhere/at/all", &err), PW_NOT_FOUND);
    fixture_done(&f);
}

TEST(damage_is_found) {
    struct fixture f;
    struct err     err = ERR_NONE;
    char           junk[2048];
    int            fd;
    pw_code        code;

    open_sqlite(&f);
    for (int i = 0; i < 50; i++) {
        char key[32];

        snprintf(key, sizeof key, "%d", i);
        CHECK_OK(store_write(f.store, STORE_FOREGROUND, put_key, key, &err));
    }
    store_close(f.store); /* the log is copied into the file */
    memset(junk, 0xa5, sizeof junk);
    fd = open(f.path, O_WRONLY);
    for (int page = 2; page < 12; page++)
        CHECK_EQ(pwrite(fd, junk, sizeof junk, page * 4096), (ssize_t)sizeof junk);
    close(fd);
    code = store_open(&f.options, &f.store, &err);
    if (code == PW_OK)
        code = store_check(f.store, &err);
    else
        f.store = NULL;
    CHECK_EQ(code, PW_CORRUPT);
    fixture_done(&f);
}

TEST(the_file_is_private_and_no_other_file_is_taken_for_it) {
    struct fixture f;
    struct err     err = ERR_NONE;
    struct stat    facts;
    char           wal[128];

    open_sqlite(&f);
    CHECK_EQ(stat(f.path, &facts), 0);
    CHECK_EQ(facts.st_mode & 0777, 0600);
    CHECK_OK(store_write(f.store, STORE_FOREGROUND, put_key, (void *)(uintptr_t) "a", &err));
    snprintf(wal, sizeof wal, "%s-wal", f.path);
    CHECK_EQ(stat(wal, &facts), 0);
    CHECK_EQ(facts.st_mode & 0777, 0600);
    store_close(f.store);
    f.options.path = "/nowhere/at/all.db";
    CHECK_EQ(store_open(&f.options, &f.store, &err), PW_NOT_FOUND);
    snprintf(f.path, sizeof f.path, "%s/text", f.folder);
    CHECK_OK(file_write(f.path,
                        STR("This is not a database, it is a sentence. It goes on and "
                            "on, so that it is as long as a header would be."),
                        0600, &err));
    f.options.path = f.path;
    CHECK_EQ(store_open(&f.options, &f.store, &err), PW_CORRUPT);
    f.store = NULL;
    fixture_done(&f);
}

/* Two processes on one file, as when the command line is used beside the server. */
TEST(a_second_process_may_write) {
    struct fixture  f, other;
    struct counting counting = {0};
    struct err      err = ERR_NONE;
    pthread_t       writer;

    open_sqlite(&f);
    counting.store = f.store;
    other = f;
    fixture_open(&other);
    CHECK_EQ(pthread_create(&writer, NULL, write_numbers, &counting), 0);
    for (int i = 0; i < EACH_WRITES; i++)
        CHECK_OK(
            store_write(other.store, STORE_FOREGROUND, put_key, (void *)(uintptr_t) "other", &err));
    pthread_join(writer, NULL);
    CHECK_EQ(atomic_load(&counting.failed), 0);
    store_close(other.store);
    CHECK_EQ(settings_in(f.store), EACH_WRITES);
    fixture_done(&f);
}

RUN_TESTS(UNIT(foreground_goes_first_and_shares_a_commit),
          UNIT(background_that_waited_long_gets_its_turn), UNIT(many_writers_share_commits),
          UNIT(the_log_is_copied_back), UNIT(what_was_acknowledged_survives_a_kill),
          UNIT(a_backup_while_writing_can_be_opened), UNIT(damage_is_found),
          UNIT(the_file_is_private_and_no_other_file_is_taken_for_it),
          UNIT(a_second_process_may_write), UNIT(a_full_disk_is_an_error_and_no_more))
