/*
 * bench_store.c - what the store costs: point reads, durable writes, blob bytes.
 *
 *   bench_store [FOLDER [POSTGRES]]     FOLDER (default: a fresh one in the current folder) should
 *                                       lie on the disk that is to be judged
 *
 * Figures depend on the machine and its load; the ratios are what counts.
 */
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "store/blob_store.h"
#include "store/settings.h"

enum { KEYS = 1000, SECONDS = 2, THREADS = 16 };
#define BLOB_BYTES MIB(512)
#define PIECE      KIB(512)

static void must(pw_code code, const struct err *err) {
    if (code == PW_OK)
        return;
    fprintf(stderr, "%s: %s\n", pw_code_name(code), err_text(err));
    exit(1);
}

struct task {
    struct store *store;
    _Atomic bool *stop;
    unsigned      number;
    uint64_t      done;
    struct arena  arena;
    int64_t       slowest_ns;
};

static pw_code read_one(struct txn *txn, void *arg, struct err *err) {
    struct task *task = arg;
    char         key[32];
    str          value;

    snprintf(key, sizeof key, "key/%u", (unsigned)(task->done * 7919 + task->number) % KEYS);
    arena_reset(&task->arena);
    return settings_get(txn, str_of(key), &task->arena, &value, err);
}

/* Another value each time: SQLite writes nothing for one that is there already. */
static pw_code write_one(struct txn *txn, void *arg, struct err *err) {
    struct task *task = arg;
    char         key[32], value[64];

    snprintf(key, sizeof key, "key/%u", (unsigned)(task->done * 7919 + task->number) % KEYS);
    snprintf(value, sizeof value, "the value that is number %llu", (unsigned long long)task->done);
    return settings_put(txn, str_of(key), str_of(value), err);
}

static void *reader(void *arg) {
    struct task *task = arg;
    struct err   err = ERR_NONE;

    for (; !atomic_load(task->stop); task->done++)
        must(store_read(task->store, read_one, task, &err), &err);
    return NULL;
}

static void *writer(void *arg) {
    struct task *task = arg;
    struct err   err = ERR_NONE;

    for (; !atomic_load(task->stop); task->done++) {
        int64_t before = clock_mono_ns(), took;

        must(store_write(task->store, STORE_FOREGROUND, write_one, task, &err), &err);
        took = clock_mono_ns() - before;
        task->slowest_ns = MAX_OF(task->slowest_ns, took);
    }
    return NULL;
}

static void run(struct store *store, const char *what, void *(*body)(void *), unsigned threads) {
    struct task  tasks[THREADS];
    pthread_t    ids[THREADS];
    _Atomic bool stop = false;
    uint64_t     total = 0;
    int64_t      began = clock_mono_ns(), slowest = 0;
    double       seconds;

    for (unsigned i = 0; i < threads; i++) {
        tasks[i] = (struct task){store, &stop, i, 0, ARENA_INIT(KIB(64)), 0};
        if (pthread_create(&ids[i], NULL, body, &tasks[i]) != 0)
            exit(1);
    }
    sleep(SECONDS);
    atomic_store(&stop, true);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(ids[i], NULL);
        total += tasks[i].done;
        slowest = MAX_OF(slowest, tasks[i].slowest_ns);
        arena_done(&tasks[i].arena);
    }
    seconds = (double)(clock_mono_ns() - began) / 1e9;
    printf("%-28s %2u threads %10.0f/s  %8.1f us each", what, threads, (double)total / seconds,
           seconds * threads * 1e6 / (double)total);
    printf(slowest > 0 ? "  slowest %.1f ms\n" : "\n", (double)slowest / 1e6);
}

static pw_code fill(struct txn *txn, void *arg, struct err *err) {
    const uint64_t *round = arg;

    for (unsigned i = 0; i < KEYS; i++) {
        char key[32], value[64];

        snprintf(key, sizeof key, "key/%u", i);
        snprintf(value, sizeof value, "value %llu", (unsigned long long)*round);
        PW_TRY(settings_put(txn, str_of(key), str_of(value), err));
    }
    return PW_OK;
}

/* 1000 rows a call, one after the other: how feeds are imported. */
static void *bulk(void *arg) {
    struct task *task = arg;
    struct err   err = ERR_NONE;

    for (; !atomic_load(task->stop); task->done += KEYS)
        must(store_write(task->store, STORE_BACKGROUND, fill, &task->done, &err), &err);
    return NULL;
}

static void print_memory(const char *when) {
    struct buf text = BUF_INIT(MIB(1));
    str        rest, line;

    if (file_read("/proc/self/status", MIB(1), &text, NULL) != PW_OK)
        return;
    rest = buf_str(&text);
    while (str_line(&rest, &line))
        if (str_starts(line, STR("VmRSS:")))
            printf("resident %s: " STR_FMT "\n", when, STR_ARG(str_trim(str_from(line, 6))));
    buf_done(&text);
}

static void bench_database(const struct store_options *options) {
    struct store *store;
    struct err    err = ERR_NONE;
    int64_t       began = clock_mono_ns();
    uint64_t      zero = 0;

    must(store_open(options, &store, &err), &err);
    print_memory("after opening");
    printf("open and migrate             %8.1f ms\n", (double)(clock_mono_ns() - began) / 1e6);
    must(store_write(store, STORE_FOREGROUND, fill, &zero, &err), &err);
    run(store, "point reads", reader, 1);
    run(store, "point reads", reader, 2);
    run(store, "point reads", reader, 16);
    run(store, "durable writes", writer, 1);
    run(store, "durable writes", writer, 16);
    run(store, "rows upserted in bulk", bulk, 1);
    print_memory("at the end");
    store_close(store);
}

/* --- blobs --- */

static double seconds_since(int64_t began) {
    return (double)(clock_mono_ns() - began) / 1e9;
}

static double plain_write(const char *folder, str piece) {
    struct err err = ERR_NONE;
    char       path[1024];
    int64_t    began = clock_mono_ns();
    double     seconds;
    int        fd;

    snprintf(path, sizeof path, "%s/plain", folder);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        exit(1);
    for (size_t at = 0; at < BLOB_BYTES; at += PIECE)
        must(fd_write_all(fd, piece.ptr, piece.len, &err), &err);
    if (fdatasync(fd) != 0)
        exit(1);
    seconds = seconds_since(began);
    close(fd);
    unlink(path);
    return seconds;
}

static double blob_write(struct blob_store *blobs, str piece) {
    struct blob_writer *w;
    struct digest       digest;
    struct err          err = ERR_NONE;
    char                key[BLOB_KEY_SIZE];
    int64_t             began;
    double              seconds;

    digest_of(DIGEST_SHA256, STR("x"), &digest);
    began = clock_mono_ns();
    must(blob_writer_open(blobs, STR("aa"), 0, BLOB_BYTES, &w, &err), &err);
    for (size_t at = 0; at < BLOB_BYTES; at += PIECE)
        must(blob_writer_add(w, piece, &err), &err);
    must(blob_writer_finish(w, &digest, key, &err), &err);
    seconds = seconds_since(began);
    must(blob_upload_drop(blobs, STR("aa"), &err), &err);
    must(blob_delete(blobs, key, &err), &err);
    return seconds;
}

static void bench_blobs(const char *folder) {
    struct blob_store *blobs;
    struct err         err = ERR_NONE;
    char              *bytes = malloc(PIECE);
    char               path[1024];
    double             plain = 1e9, ours = 1e9;

    memset(bytes, 'x', PIECE);
    snprintf(path, sizeof path, "%s/store", folder);
    must(blob_files_open(path, &blobs, &err), &err);
    for (int round = 0; round < 4; round++) {
        plain = MIN_OF(plain, plain_write(folder, str_make(bytes, PIECE)));
        ours = MIN_OF(ours, blob_write(blobs, str_make(bytes, PIECE)));
    }
    printf("blob of 512 MiB, durable     %8.0f MB/s   plain write and fdatasync %.0f MB/s   ratio "
           "%.2f (best of 4)\n",
           BLOB_BYTES / ours / 1e6, BLOB_BYTES / plain / 1e6, plain / ours);
    blob_store_close(blobs);
    free(bytes);
}

static int remove_one(const char *path, const struct stat *facts, int type, struct FTW *at) {
    (void)facts, (void)type, (void)at;
    return remove(path);
}

int main(int argc, char **argv) {
    char                 folder[512], path[1024];
    struct store_options options = {.path = path};

    snprintf(folder, sizeof folder, "%s/bench.XXXXXX", argc > 1 ? argv[1] : ".");
    if (mkdtemp(folder) == NULL) {
        perror(folder);
        return 1;
    }
    snprintf(path, sizeof path, "%s/portwarden.db", folder);
    if (argc > 2)
        options.postgres = argv[2];
    bench_database(&options);
    bench_blobs(folder);
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return 0;
}
