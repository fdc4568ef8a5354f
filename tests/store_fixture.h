#pragma once
/*
 * store_fixture.h - a store for a test: on SQLite in a fresh folder, and on PostgreSQL in a fresh
 * database of a server that the test program starts for itself.
 *
 *   STORE_TEST(job_order) { CHECK_OK(store_write(f->store, ...)); }
 *   RUN_TESTS(STORE_UNITS(job_order))          runs it on both
 *
 * `f->clock` moves time. `err` is there for CHECK_OK. The server listens on a socket in its folder
 * only, ends with the program, and is started at most once; tests are skipped where PostgreSQL is
 * not installed.
 */
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "store/store.h"
#include "test.h"

enum fixture_kind { FIXTURE_SQLITE, FIXTURE_POSTGRES };

struct fixture {
    enum fixture_kind    kind;
    char                 folder[64];
    char                 path[96];
    char                 postgres[256];
    struct clock         clock;
    struct store_options options;
    struct store        *store;
};

/* --- folders --- */

static inline int fixture_remove_one(const char *path, const struct stat *facts, int type,
                                     struct FTW *at) {
    (void)facts, (void)type, (void)at;
    return remove(path);
}

static inline void fixture_remove(const char *folder) {
    nftw(folder, fixture_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void fixture_folder(char out[64]) {
    snprintf(out, 64, "/tmp/portwarden-test.XXXXXX");
    CHECK(mkdtemp(out) != NULL);
}

/* --- the server --- */

static struct {
    char  folder[64], bin[192];
    pid_t pid;
    bool  absent;
    int   databases;
} fixture_server;

static inline pid_t fixture_spawn(const char *const argv[]) {
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (geteuid() == 0) { /* the server refuses to run as root */
        const struct passwd *nobody = getpwnam("nobody");

        if (nobody == NULL || setgroups(0, NULL) != 0 ||
            setresgid(nobody->pw_gid, nobody->pw_gid, nobody->pw_gid) != 0 ||
            setresuid(nobody->pw_uid, nobody->pw_uid, nobody->pw_uid) != 0)
            _exit(120);
    }
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    if (getppid() != parent || chdir(fixture_server.folder) != 0 ||
        freopen("log", "a", stdout) == NULL || dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
        _exit(121);
    execv(argv[0], (char *const *)argv); /* the call leaves them as they are */
    _exit(122);
}

static inline void fixture_server_stop(void) {
    if (fixture_server.pid <= 0)
        return;
    kill(fixture_server.pid, SIGQUIT);
    waitpid(fixture_server.pid, NULL, 0);
    fixture_remove(fixture_server.folder);
    fixture_server.pid = 0;
}

static inline bool fixture_find_binaries(void) {
    glob_t found = {0};

    if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0)
        snprintf(fixture_server.bin, sizeof fixture_server.bin, "%.*s",
                 (int)(strlen(found.gl_pathv[found.gl_pathc - 1]) - strlen("/initdb")),
                 found.gl_pathv[found.gl_pathc - 1]);
    globfree(&found);
    return fixture_server.bin[0] != '\0';
}

static inline void fixture_init_cluster(void) {
    char        initdb[256];
    const char *argv[] = {initdb,       "-D",
                          "data",       "-A",
                          "trust",      "-U",
                          "portwarden", "-E",
                          "UTF8",       "--locale=C.UTF-8",
                          "-N",         "--no-instructions",
                          NULL};
    int         status = -1;

    snprintf(initdb, sizeof initdb, "%s/initdb", fixture_server.bin);
    waitpid(fixture_spawn(argv), &status, 0);
    CHECK_EQ(status, 0);
}

static inline PGconn *fixture_connect(const char *database) {
    char text[256];

    snprintf(text, sizeof text, "host=%s user=portwarden dbname=%s", fixture_server.folder,
             database);
    return PQconnectdb(text);
}

/* False: PostgreSQL is not installed. */
static inline bool fixture_server_start(void) {
    char        postgres[256];
    const char *argv[] = {postgres,
                          "-D",
                          "data",
                          "-k",
                          fixture_server.folder,
                          "-c",
                          "listen_addresses=",
                          "-c",
                          "fsync=off",
                          "-c",
                          "full_page_writes=off",
                          "-c",
                          "max_connections=60",
                          "-c",
                          "shared_buffers=32MB",
                          NULL};

    if (fixture_server.pid > 0)
        return true;
    if (!fixture_find_binaries())
        return false;
    fixture_folder(fixture_server.folder);
    chmod(fixture_server.folder, 0777);
    fixture_init_cluster();
    snprintf(postgres, sizeof postgres, "%s/postgres", fixture_server.bin);
    fixture_server.pid = fixture_spawn(argv);
    atexit(fixture_server_stop);
    for (int tries = 0; tries < 600; tries++) {
        PGconn *conn = fixture_connect("postgres");
        bool    ready = PQstatus(conn) == CONNECTION_OK;

        PQfinish(conn);
        if (ready)
            return true;
        usleep(50000);
    }
    fail_msg("PostgreSQL in %s did not start within 30 s", fixture_server.folder);
    return false;
}

/* Text on the fixture's database, beside the store. */
static inline void fixture_sql(const char *database, const char *sql) {
    PGconn   *conn = fixture_connect(database);
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

/* --- the fixture --- */

/* Names a fresh database; nothing is opened. False: skip. */
static inline bool fixture_init(struct fixture *f, enum fixture_kind kind) {
    char sql[64];

    *f = (struct fixture){.kind = kind};
    if (kind == FIXTURE_POSTGRES && !fixture_server_start())
        return false;
    fixture_folder(f->folder);
    snprintf(f->path, sizeof f->path, "%s/portwarden.db", f->folder);
    if (kind == FIXTURE_POSTGRES) {
        snprintf(sql, sizeof sql, "CREATE DATABASE test%d", ++fixture_server.databases);
        fixture_sql("postgres", sql);
        snprintf(f->postgres, sizeof f->postgres, "host=%s user=portwarden dbname=test%d",
                 fixture_server.folder, fixture_server.databases);
    }
    f->options = (struct store_options){.path = f->path,
                                        .postgres = kind == FIXTURE_POSTGRES ? f->postgres : NULL,
                                        .clock = &f->clock};
    return true;
}

static inline void fixture_open(struct fixture *f) {
    struct err err = ERR_NONE;

    CHECK_OK(store_open(&f->options, &f->store, &err));
}

static inline void fixture_done(struct fixture *f) {
    store_close(f->store);
    fixture_remove(f->folder);
}

static inline void fixture_run(enum fixture_kind kind,
                               void (*test)(struct fixture *f, struct err err)) {
    struct fixture f;

    if (!fixture_init(&f, kind))
        SKIP("PostgreSQL is not installed (no /usr/lib/postgresql/*/bin/initdb)");
    fixture_open(&f);
    test(&f, (struct err)ERR_NONE);
    fixture_done(&f);
}

#define STORE_TEST(name)                                                                           \
    static void name(struct fixture *f, struct err err);                                           \
    static void name##_on_sqlite(void **test_state PW_UNUSED) {                                    \
        fixture_run(FIXTURE_SQLITE, name);                                                         \
    }                                                                                              \
    static void name##_on_postgres(void **test_state PW_UNUSED) {                                  \
        fixture_run(FIXTURE_POSTGRES, name);                                                       \
    }                                                                                              \
    static void name(struct fixture *f, struct err err)
#define STORE_UNITS(name) cmocka_unit_test(name##_on_sqlite), cmocka_unit_test(name##_on_postgres)
