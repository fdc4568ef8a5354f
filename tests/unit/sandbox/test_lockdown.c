/*
 * test_lockdown.c - what a locked-down process can and cannot do, on the filter of this build.
 *
 * Each case runs in a child of its own; how the child ended is the answer.
 */
#include <fcntl.h>
#include <signal.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>
#include "unit/inventory/layer_kit.h"
#include "base/clock.h"
#include "format/json.h"
#include "sandbox/child.h"
#include "sandbox/lockdown.h"

enum { REACHED = 7, FAILED = 9 }; /* exit status of a child: came to its end, or could not begin */

struct deed {
    const char *name;
    void (*act)(const void *ctx);
    const void *ctx;
    unsigned    cpu_seconds;
};

/* Runs the deed in a locked-down child; gives its wait status and what it wrote. */
static int run(const struct deed *deed, char *said, size_t size) {
    struct lockdown_limits limits = {LIMIT_CHILD_MEMORY,
                                     deed->cpu_seconds ? deed->cpu_seconds : 20};
    int                    pipes[2], fds[PROTOCOL_START_FDS], status = 0;
    ssize_t                n;
    size_t                 len = 0;
    pid_t                  pid;

    CHECK_EQ(pipe(pipes), 0);
    fds[0] = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    fds[1] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    fds[2] = pipes[1];
    pid = fork();
    if (pid == 0) {
        struct err err = ERR_NONE;

        if (child_place_fds(fds, &err) != PW_OK || lockdown_apply(&limits, &err) != PW_OK) {
            (void)!write(LOCKDOWN_RESULT_FD, err.text, strlen(err.text));
            _exit(FAILED);
        }
        deed->act(deed->ctx);
        _exit(REACHED);
    }
    close(pipes[1]);
    close(fds[0]);
    close(fds[1]);
    while (len + 1 < size && (n = read(pipes[0], said + len, size - 1 - len)) > 0)
        len += (size_t)n;
    said[len] = '\0';
    close(pipes[0]);
    CHECK_EQ(waitpid(pid, &status, 0), pid);
    return status;
}

/* --- forbidden --- */

static void do_open(const void *ctx) {
    (void)syscall(SYS_open, "/etc/passwd", O_RDONLY);
}
static void do_openat(const void *ctx) {
    (void)open("/etc/passwd", O_RDONLY);
}
static void do_creat(const void *ctx) {
    (void)syscall(SYS_openat, AT_FDCWD, "/tmp/x", O_CREAT | O_WRONLY, 0600);
}
static void do_socket(const void *ctx) {
    (void)socket(AF_INET, SOCK_STREAM, 0);
}
static void do_unix_socket(const void *ctx) {
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}
static void do_execve(const void *ctx) {
    (void)execl("/bin/true", "true", NULL);
}
static void do_fork(const void *ctx) {
    (void)fork();
}
static void do_clone3(const void *ctx) {
    (void)syscall(SYS_clone3, NULL, 0);
}
static void do_mmap_exec(const void *ctx) {
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void do_mmap_file(const void *ctx) {
    (void)mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, LOCKDOWN_LAYER_FD, 0);
}
static void do_mmap_exec_file(const void *ctx) {
    (void)mmap(NULL, 4096, PROT_EXEC, MAP_PRIVATE, LOCKDOWN_LAYER_FD, 0);
}
static void do_write_elsewhere(const void *ctx) {
    (void)!write(STDOUT_FILENO, "x", 1);
}
static void do_write_layer(const void *ctx) {
    (void)!write(LOCKDOWN_LAYER_FD, "x", 1);
}
static void do_read_elsewhere(const void *ctx) {
    char byte;

    (void)!read(STDIN_FILENO, &byte, 1);
}
static void do_pread_elsewhere(const void *ctx) {
    char byte;

    (void)!pread(LOCKDOWN_CONTROL_FD, &byte, 1, 0);
}
static void do_kill(const void *ctx) {
    (void)syscall(SYS_kill, 1, 0);
}
static void do_ptrace(const void *ctx) {
    (void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}
static void do_setuid(const void *ctx) {
    (void)syscall(SYS_setuid, 0);
}
static void do_unshare(const void *ctx) {
    (void)unshare(CLONE_NEWUSER);
}
static void do_mount(const void *ctx) {
    (void)syscall(SYS_mount, "a", "b", "c", 0, NULL);
}
static void do_raise_limit(const void *ctx) {
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};

    (void)setrlimit(RLIMIT_CPU, &limit);
}
static void do_io_uring(const void *ctx) {
    (void)syscall(SYS_io_uring_setup, 1, NULL);
}
static void do_ioctl(const void *ctx) {
    (void)syscall(SYS_ioctl, LOCKDOWN_CONTROL_FD, 0, 0);
}
/* x32 and i386 numbers must not get round the filter */
static void do_x32_open(const void *ctx) {
    (void)syscall(0x40000000 | SYS_open, "/etc/passwd", O_RDONLY);
}

TEST(forbidden_calls_kill) {
    static const struct deed deeds[] = {
        {"open", do_open, NULL, 0},
        {"openat", do_openat, NULL, 0},
        {"create", do_creat, NULL, 0},
        {"socket", do_socket, NULL, 0},
        {"unix socket", do_unix_socket, NULL, 0},
        {"execve", do_execve, NULL, 0},
        {"fork", do_fork, NULL, 0},
        {"clone3", do_clone3, NULL, 0},
        {"mmap exec", do_mmap_exec, NULL, 0},
        {"mmap file", do_mmap_file, NULL, 0},
        {"mmap exec of a file", do_mmap_exec_file, NULL, 0},
        {"write to standard output", do_write_elsewhere, NULL, 0},
        {"write to the layer", do_write_layer, NULL, 0},
        {"read standard input", do_read_elsewhere, NULL, 0},
        {"pread another descriptor", do_pread_elsewhere, NULL, 0},
        {"kill", do_kill, NULL, 0},
        {"ptrace", do_ptrace, NULL, 0},
        {"setuid", do_setuid, NULL, 0},
        {"unshare", do_unshare, NULL, 0},
        {"mount", do_mount, NULL, 0},
        {"setrlimit", do_raise_limit, NULL, 0},
        {"io_uring", do_io_uring, NULL, 0},
        {"ioctl", do_ioctl, NULL, 0},
        {"x32 open", do_x32_open, NULL, 0},
    };
    char said[600];

    EACH (deed, deeds) {
        int status = run(deed, said, sizeof said);

        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            print_error("%s: status %#x %s\n", deed->name, (unsigned)status, said);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

/* --- allowed --- */

static void do_work(const void *ctx) {
    struct timespec now;
    char           *memory = malloc(MIB(64)), bytes[4];
    uint64_t        zero;

    if (memory == NULL || pread(LOCKDOWN_LAYER_FD, bytes, 4, 0) != 4 || bytes[1] != 'E' ||
        read(LOCKDOWN_CONTROL_FD, &zero, 8) != 8 || clock_gettime(CLOCK_MONOTONIC, &now) != 0)
        _exit(1);
    memset(memory, 1, MIB(64));
    memory = realloc(memory, MIB(100));
    free(memory);
    (void)!write(LOCKDOWN_RESULT_FD, "done", 4);
}

TEST(what_a_reading_needs_works) {
    struct deed deed = {"work", do_work, NULL, 0};
    char        said[600];
    int         status = run(&deed, said, sizeof said);

    CHECK_TEXT(said, "done");
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == REACHED);
}

/* --- ceilings --- */

static void do_bomb(const void *ctx) {
    char *memory = malloc(MIB(600));

    if (memory != NULL)
        memset(memory, 1, MIB(600));
    (void)!write(LOCKDOWN_RESULT_FD, memory == NULL ? "refused" : "given", memory == NULL ? 7 : 5);
}

TEST(memory_has_a_ceiling) {
    struct deed deed = {"bomb", do_bomb, NULL, 0};
    char        said[600];

#ifdef PW_SANITIZED
    SKIP("AddressSanitizer cannot live under RLIMIT_AS; the release build has it");
#endif
    (void)run(&deed, said, sizeof said);
    CHECK_TEXT(said, "refused");
}

static void do_loop(const void *ctx) {
    for (volatile unsigned i = 0;; i++)
        ;
}

TEST(an_endless_loop_ends) {
    struct deed deed = {"loop", do_loop, NULL, 1};
    char        said[600];
    int         status = run(&deed, said, sizeof said);

    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* A release build allows nothing on top and keeps its memory ceiling (above). */
static void do_getpid(const void *ctx) {
    (void)syscall(SYS_getpid);
}
static void do_mprotect(const void *ctx) {
    (void)syscall(SYS_mprotect, NULL, 0, PROT_READ);
}
static void do_futex(const void *ctx) {
    (void)syscall(SYS_futex, NULL, 0, 0, NULL, NULL, 0);
}

TEST(a_release_build_has_no_extra_calls) {
    static const struct deed deeds[] = {{"getpid", do_getpid, NULL, 0},
                                        {"mprotect", do_mprotect, NULL, 0},
                                        {"futex", do_futex, NULL, 0}};
    char                     said[600];

#ifdef PW_SANITIZED
    CHECK(lockdown_extra_calls > 0);
    SKIP("this build has sanitizers");
#endif
    CHECK_EQ(lockdown_extra_calls, 0);
    EACH (deed, deeds) {
        int status = run(deed, said, sizeof said);

        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
    }
}

/* --- libraries --- */

static void do_read_layer(const void *ctx) {
    str                 bytes = *(const str *)ctx;
    struct layer_source source = {&bytes, kit_slice_read};
    struct buf          facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err          err = ERR_NONE;

    if (layer_read(&source, &facts, &err) != PW_OK)
        _exit(1);
    (void)!write(LOCKDOWN_RESULT_FD, facts.ptr, facts.len);
}

static void compressed_layer(struct kit *kit, int (*filter)(struct archive *)) {
    kit_open(kit);
    archive_write_free(kit->tar);
    kit->tar = archive_write_new();
    archive_write_set_format_pax_restricted(kit->tar);
    CHECK_EQ(filter(kit->tar), ARCHIVE_OK);
    buf_clear(&kit->bytes);
    CHECK_EQ(archive_write_open(kit->tar, &kit->bytes, NULL, kit_write, NULL), ARCHIVE_OK);
    kit_file(kit, "etc/os-release", "ID=debian\nVERSION_ID=12\n");
    kit_file(kit, "var/lib/dpkg/status", "Package: a\nVersion: 1\n");
    kit_file(kit, "s/node_modules/n\xc3\xa4h/package.json",
             "{\"name\":\"x\",\"version\":\"1.0.0\"}");
    kit_close_tar(kit);
}

/* Under the filter of a release every compression, libarchive and jansson do their work. */
TEST(libraries_live_under_the_filter) {
    static const struct {
        const char *format;
        int (*filter)(struct archive *);
    } cases[] = {
        {"gzip", archive_write_add_filter_gzip}, /* ISA-L */
        {"zstd", archive_write_add_filter_zstd},   {"xz", archive_write_add_filter_xz},
        {"bzip2", archive_write_add_filter_bzip2}, {"tar", archive_write_add_filter_none},
    };
    struct err err = ERR_NONE;

    CHECK_OK(layer_read_warm_up(&err));
    EACH (c, cases) {
        struct kit  AUTO(kit_done) kit = KIT;
        char        said[8192] = "";
        str         bytes;
        struct deed deed = {c->format, do_read_layer, &bytes, 0};
        int         status;

        compressed_layer(&kit, c->filter);
        bytes = buf_str(&kit.bytes);
        kit_add_layer(&kit, bytes); /* the same without a sandbox */
        CHECK_STR(kit.facts->format, c->format);
        CHECK_EQ(kit.facts->evidence_count, 2);
        CHECK_EQ(kit.facts->incomplete_count, 0);
        status = run(&deed, said, sizeof said);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != REACHED)
            print_error("%s: status %#x\n", c->format, (unsigned)status);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == REACHED);
        CHECK(memcmp(said, "PWFACTS\n", 8) == 0);
    }
}

static void do_jansson(const void *ctx) {
    json_t    *root = NULL;
    struct err err = ERR_NONE;
    bool       good =
        json_parse(STR("{\"a\":[1,2.5,\"\\u00e4\",{\"b\":null}]}"), 1000, &root, &err) == PW_OK;

    json_endp(&root);
    good = good && json_parse(STR("{\"a\":"), 1000, &root, &err) == PW_INVALID;
    (void)!write(LOCKDOWN_RESULT_FD, "done", good ? 4 : 0);
}

static void do_yajl(const void *ctx) {
    static const yajl_callbacks none;
    const unsigned char         text[] = "{\"a\":[1,2.5,\"x\"]}";
    yajl_handle                 parser = yajl_alloc(&none, NULL, NULL);
    bool                        good = yajl_parse(parser, text, sizeof text - 1) == yajl_status_ok;

    yajl_free(parser);
    (void)!write(LOCKDOWN_RESULT_FD, "done", good ? 4 : 0);
}

TEST(json_libraries_live_under_the_filter) {
    static const struct deed deeds[] = {{"jansson", do_jansson, NULL, 0},
                                        {"yajl", do_yajl, NULL, 0}};
    char                     said[600];

    json_warm_up();
    EACH (deed, deeds) {
        (void)run(deed, said, sizeof said);
        CHECK_TEXT(said, "done");
    }
}

RUN_TESTS(UNIT(forbidden_calls_kill), UNIT(what_a_reading_needs_works), UNIT(memory_has_a_ceiling),
          UNIT(an_endless_loop_ends), UNIT(a_release_build_has_no_extra_calls),
          UNIT(libraries_live_under_the_filter), UNIT(json_libraries_live_under_the_filter))
