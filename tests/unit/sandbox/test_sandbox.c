/*
 * test_sandbox.c - readings through the real zygote: this test program is re-executed as one.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "unit/inventory/layer_kit.h"
#include "base/clock.h"
#include "sandbox/sandbox.h"

#ifdef PW_SANITIZED
enum { SLOW = 10 };
#else
enum { SLOW = 1 };
#endif

/* A layer file: packages and incompressible padding, so that reading it takes several steps. */
static int layer_file(struct kit *kit, size_t padding) {
    char       path[] = "/tmp/portwarden-layer-XXXXXX";
    int        fd = mkstemp(path);
    struct err err = ERR_NONE;
    unsigned   random = 1;
    char      *noise = malloc(padding + 1);

    unlink(path);
    for (size_t i = 0; i < padding; i++) {
        random = random * 1103515245u + 12345u;
        noise[i] = (char)(random >> 16);
    }
    kit_file(kit, "var/lib/dpkg/status", "Package: a\nVersion: 1\n");
    kit_add(kit, (struct kit_member){
                     .path = "srv/noise", .type = AE_IFREG, .content = str_make(noise, padding)});
    kit_file(kit, "s/node_modules/x/package.json", "{\"name\":\"x\",\"version\":\"1.0.0\"}");
    kit_close_tar(kit);
    CHECK_OK(fd_write_all(fd, kit->bytes.ptr, kit->bytes.len, &err));
    free(noise);
    return fd;
}

static struct sandbox *open_with(struct sandbox_options options) {
    struct sandbox *sandbox = NULL;
    struct err      err = ERR_NONE;

    options.children = options.children ? options.children : 2;
    CHECK_OK(sandbox_open_with(&options, &sandbox, &err));
    return sandbox;
}

static struct reading *begin(struct sandbox *sandbox, int fd, uint64_t length, bool complete) {
    struct reading *reading = NULL;
    struct err      err = ERR_NONE;

    CHECK_OK(sandbox_begin(sandbox, fd, length, complete, &reading, &err));
    return reading;
}

/* A whole reading must give the two packages of layer_file. */
static void check_reads(struct sandbox *sandbox, int fd, uint64_t length) {
    struct arena        AUTO(arena_done) arena = ARENA_INIT(MIB(64));
    struct buf          AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct layer_facts *decoded = NULL;
    struct err          err = ERR_NONE;

    CHECK_OK(reading_finish(begin(sandbox, fd, length, true), &facts, &err));
    CHECK_OK(facts_decode(&arena, buf_str(&facts), &decoded, &err));
    CHECK_EQ(decoded->evidence_count, 2);
    CHECK_EQ(decoded->incomplete_count, 0);
}

static void check_ends(struct reading *reading, pw_code want, const char *words) {
    struct buf AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err err = ERR_NONE;

    CHECK_EQ(reading_finish(reading, &facts, &err), want);
    if (strstr(err_text(&err), words) == NULL)
        print_error("got \"%s\", want \"%s\"\n", err_text(&err), words);
    CHECK(strstr(err_text(&err), words) != NULL);
}

static void no_children_left(void) {
    CHECK_EQ(waitpid(-1, NULL, WNOHANG), -1);
    CHECK_EQ(errno, ECHILD);
}

#define SANDBOX_TEST(...)                                                                          \
    struct kit kit  AUTO(kit_done) = KIT;                                                          \
    struct sandbox *sandbox = open_with((struct sandbox_options)__VA_ARGS__);                      \
    int fd          PW_UNUSED = layer_file(&kit, MIB(2));                                          \
    uint64_t size   PW_UNUSED = kit.bytes.len
#define SANDBOX_END                                                                                \
    close(fd);                                                                                     \
    sandbox_close(sandbox);                                                                        \
    no_children_left()

TEST(a_reading_gives_the_facts) {
    SANDBOX_TEST({0});
    struct sandbox_status status;
    struct buf            AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES),
                              here = BUF_INIT(LIMIT_FACTS_BYTES);
    str                 bytes = buf_str(&kit.bytes);
    struct layer_source source = {&bytes, kit_slice_read};
    struct err          err = ERR_NONE;

    sandbox_status(sandbox, &status);
    CHECK(status.landlock_abi > 0);
    print_message("landlock %d, namespaces %d, user %u\n", status.landlock_abi, status.namespaces,
                  status.uid);
    if (!status.namespaces)
        print_message("no namespaces here: %s\n", status.why_no_namespaces);
    CHECK_OK(reading_finish(begin(sandbox, fd, size, true), &facts, &err));
    CHECK_OK(layer_read(&source, &here, &err));
    CHECK(str_eq(buf_str(&facts), buf_str(&here))); /* the same as without a sandbox */
    SANDBOX_END;
}

TEST(many_readings_at_once) {
    SANDBOX_TEST({.children = 4});
    struct reading *readings[4], *more = NULL;
    struct err      err = ERR_NONE;

    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 4; i++)
            readings[i] = begin(sandbox, fd, 0, false);
        CHECK_EQ(sandbox_begin(sandbox, fd, size, true, &more, &err), PW_BUSY);
        CHECK_TEXT(err_text(&err), "all 4 readers are taken");
        for (int i = 0; i < 4; i++)
            reading_complete(readings[i], size);
        for (int i = 0; i < 4; i++) {
            struct buf AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);

            CHECK_OK(reading_finish(readings[i], &facts, &err));
        }
    }
    SANDBOX_END;
}

/* --- growing files --- */

TEST(a_file_that_grows) {
    SANDBOX_TEST({0});
    char            path[] = "/tmp/portwarden-grow-XXXXXX";
    int             growing = mkstemp(path);
    struct reading *reading = begin(sandbox, growing, 0, false);
    struct buf      AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err      err = ERR_NONE;

    unlink(path);
    for (uint64_t at = 0, step = 1; at < size; step = MIN_OF(step * 3, size)) {
        size_t n = MIN_OF(step, size - at);

        CHECK_OK(fd_write_all(growing, kit.bytes.ptr + at, n, &err));
        at += n;
        reading_grew(reading, at);
        reading_grew(reading, at / 2); /* news that comes late changes nothing */
        usleep(1000);
    }
    reading_complete(reading, size);
    reading_complete(reading, size); /* twice is once */
    CHECK_OK(reading_finish(reading, &facts, &err));
    CHECK(facts.len > 100);
    close(growing);
    SANDBOX_END;
}

/* Telling never blocks, however often, even when nobody listens. */
TEST(telling_never_blocks) {
    SANDBOX_TEST({.idle_seconds = 30});
    struct reading *reading = begin(sandbox, fd, 0, false);
    int64_t         start = clock_mono_ns();

    for (uint64_t i = 1; i <= 200000; i++)
        reading_grew(reading, MIN_OF(i, size));
    CHECK(clock_mono_ns() - start < SLOW * 5000000000LL);
    reading_cancel(reading);
    check_reads(sandbox, fd, size);
    SANDBOX_END;
}

TEST(starved) {
    SANDBOX_TEST({.children = 1, .idle_seconds = 0.2});
    struct reading *reading = begin(sandbox, fd, 1000, false);

    check_ends(reading, PW_TIMEOUT, "no more bytes of the layer came for 0.2 seconds");
    check_reads(sandbox, fd, size); /* its place is free again */
    SANDBOX_END;
}

TEST(fed_in_time) {
    SANDBOX_TEST({.idle_seconds = 3});
    struct reading *reading = begin(sandbox, fd, 1, false);
    struct buf      AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct err      err = ERR_NONE;

    for (uint64_t i = 1; i < 8; i++) {
        usleep(600000); /* longer than idle_seconds in all */
        reading_grew(reading, i * 100000);
    }
    reading_complete(reading, size);
    CHECK_OK(reading_finish(reading, &facts, &err));
    SANDBOX_END;
}

TEST(too_slow_in_all) {
    SANDBOX_TEST({.idle_seconds = 5, .wall_seconds = 0.5});
    struct reading *reading = begin(sandbox, fd, 1, false);

    for (uint64_t i = 1; i < 20; i++) {
        usleep(50000);
        reading_grew(reading, i);
    }
    check_ends(reading, PW_TIMEOUT, "took longer than 0.5 seconds");
    SANDBOX_END;
}

TEST(a_file_shorter_than_said) {
    SANDBOX_TEST({0});

    check_ends(begin(sandbox, fd, size + 100000, true), PW_IO, "the layer's file ends at byte");
    SANDBOX_END;
}

/* A layer that is cut is content, not a failure of the reading. */
TEST(a_layer_that_is_cut) {
    SANDBOX_TEST({0});
    struct arena        AUTO(arena_done) arena = ARENA_INIT(MIB(64));
    struct buf          AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
    struct layer_facts *decoded = NULL;
    struct err          err = ERR_NONE;

    CHECK_OK(reading_finish(begin(sandbox, fd, size / 2, true), &facts, &err));
    CHECK_OK(facts_decode(&arena, buf_str(&facts), &decoded, &err));
    CHECK_EQ(decoded->evidence_count, 1);
    CHECK(kit_find(decoded->incomplete, decoded->incomplete_count, "damaged") != NULL);
    SANDBOX_END;
}

/* --- ceilings --- */

TEST(answers_have_a_ceiling) {
    SANDBOX_TEST({.facts_bytes = 100});

    check_ends(begin(sandbox, fd, size, true), PW_CORRUPT, "at most 100 are taken");
    SANDBOX_END;
}

/* A layer that asks for more memory than a child has: an answer with a reason, not a dead child. */
TEST(memory_has_a_ceiling) {
    SANDBOX_TEST({0});
    struct arena AUTO(arena_done) arena = ARENA_INIT(GIB(1));
    struct buf   AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES), text = BUF_INIT(MIB(64));
    struct layer_facts *decoded = NULL;
    struct err          err = ERR_NONE;
    char                path[] = "/tmp/portwarden-large-XXXXXX", name[64];
    int                 large = mkstemp(path);

    unlink(path);
    for (int i = 0; text.len < MIB(60); i++)
        buf_addf(
            &text,
            "Package: p%0400d\nVersion: %0400d\nSource: %0400d (%0400d)\nArchitecture: %0400d\n\n",
            i, i, i, i, i);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "var/lib/dpkg/status.d/p%d", i);
        kit_file(&kit, name, buf_str(&text).ptr);
    }
    kit_close_tar(&kit);
    CHECK_OK(fd_write_all(large, kit.bytes.ptr, kit.bytes.len, &err));
    CHECK_OK(reading_finish(begin(sandbox, large, kit.bytes.len, true), &facts, &err));
    CHECK_OK(facts_decode(&arena, buf_str(&facts), &decoded, &err));
    CHECK(kit_find(decoded->incomplete, decoded->incomplete_count, "ceiling") != NULL);
    CHECK_EQ(decoded->files.count, 6);
    close(large);
    SANDBOX_END;
}

/* 60 GiB of nothing take more processor time than one second. */
TEST(processor_time_has_a_ceiling) {
    SANDBOX_TEST({.cpu_seconds = 1});
    char       path[] = "/tmp/portwarden-sparse-XXXXXX";
    int        sparse = mkstemp(path);
    off_t      huge = (off_t)60 << 30;
    struct err err = ERR_NONE;

    unlink(path);
    kit_add(&kit, (struct kit_member){.path = "huge", .type = AE_IFREG});
    kit_close_tar(&kit);
    memcpy(kit.bytes.ptr + 124, "74000000000\0", 12); /* the size: 60 GiB less a bit, octal */
    memset(kit.bytes.ptr + 148, ' ', 8);
    {
        unsigned sum = 0;

        for (int i = 0; i < 512; i++)
            sum += (unsigned char)kit.bytes.ptr[i];
        snprintf(kit.bytes.ptr + 148, 8, "%06o", sum);
    }
    CHECK_OK(fd_write_all(sparse, kit.bytes.ptr, 512, &err));
    if (ftruncate(sparse, huge) != 0) {
        close(sparse);
        SKIP("this file system has no sparse files of 60 GiB");
    }
    check_ends(begin(sandbox, sparse, (uint64_t)huge, true), PW_CORRUPT, "second");
    close(sparse);
    SANDBOX_END;
}

/* A source that fails is said in words, not by a forbidden call. */
TEST(a_layer_that_cannot_be_read) {
    SANDBOX_TEST({.cpu_seconds = 5});
    int folder = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    check_ends(begin(sandbox, folder, 4096, true), PW_IO, "at byte 0: Is a directory");
    close(folder);
    SANDBOX_END;
}

/* --- ends --- */

TEST(cancelled) {
    SANDBOX_TEST({.children = 1, .idle_seconds = 30});
    struct sandbox_status status;
    int64_t               until = clock_deadline(10 * SLOW);

    for (int i = 0; i < 20; i++) {
        reading_cancel(begin(sandbox, fd, 1000, false));
        do {
            sandbox_status(sandbox, &status);
            usleep(500);
        } while (status.children > 0 && clock_mono_ns() < until);
        CHECK_EQ(status.children, 0);
    }
    check_reads(sandbox, fd, size);
    SANDBOX_END;
}

static void await_zygote(struct sandbox *sandbox, struct sandbox_status *status) {
    int64_t until = clock_deadline(20 * SLOW);

    do {
        usleep(5000);
        sandbox_status(sandbox, status);
    } while (status->zygote_pid == 0 && clock_mono_ns() < until);
    CHECK(status->zygote_pid > 0);
}

TEST(a_dead_zygote_is_replaced) {
    SANDBOX_TEST({.idle_seconds = 30});
    struct sandbox_status status;
    pid_t                 first;

    await_zygote(sandbox, &status);
    first = status.zygote_pid;
    for (unsigned i = 1; i <= 3; i++) {
        struct reading *reading = begin(sandbox, fd, 1000, false);

        CHECK_EQ(kill(status.zygote_pid, SIGKILL), 0);
        check_ends(reading, PW_CANCELLED, "the sandbox process died");
        await_zygote(sandbox, &status);
        CHECK_EQ(status.restarts, i);
        CHECK(status.zygote_pid != first);
        check_reads(sandbox, fd, size);
    }
    SANDBOX_END;
}

TEST(closing_ends_everything) {
    SANDBOX_TEST({.idle_seconds = 30});
    struct reading *reading = begin(sandbox, fd, 1000, false);
    struct reading *other = begin(sandbox, fd, 1000, false);

    close(fd);
    sandbox_close(sandbox);
    no_children_left();
    check_ends(reading, PW_CANCELLED, "the sandbox closed");
    reading_grew(other, size); /* still allowed, to no effect */
    reading_cancel(other);
    sandbox_close(NULL);
    reading_cancel(NULL);
}

static void *reader(void *arg) {
    struct sandbox *sandbox = arg;
    struct kit      AUTO(kit_done) kit = KIT;
    int             fd = layer_file(&kit, KIB(300));

    for (int i = 0; i < 10; i++) {
        struct buf      AUTO(buf_done) facts = BUF_INIT(LIMIT_FACTS_BYTES);
        struct err      err = ERR_NONE;
        struct reading *reading = NULL;

        while (sandbox_begin(sandbox, fd, kit.bytes.len, true, &reading, &err) == PW_BUSY)
            usleep(1000);
        if (reading == NULL || reading_finish(reading, &facts, &err) != PW_OK)
            return arg;
    }
    close(fd);
    return NULL;
}

TEST(many_threads) {
    SANDBOX_TEST({.children = 3});
    pthread_t threads[6];
    void     *bad = NULL;

    for (int i = 0; i < 6; i++)
        CHECK_EQ(pthread_create(&threads[i], NULL, reader, sandbox), 0);
    for (int i = 0; i < 6; i++) {
        CHECK_EQ(pthread_join(threads[i], &bad), 0);
        CHECK(bad == NULL);
    }
    SANDBOX_END;
}

/* --- seen from outside --- */

/* What strace may show of a child behind its filter. */
static bool is_allowed(const char *call) {
    static const char *const names[] = {
        "read(",          "pread64(", "write(",   "exit_group(", "exit(",         "munmap(",
        "mremap(",        "brk(",     "madvise(", "mmap(",       "rt_sigreturn(", "lseek(",
        "clock_gettime(", "+++ ",     "--- ",     "<... "};

    EACH (name, names)
        if (strncmp(call, *name, strlen(*name)) == 0)
            return true;
    return false;
}

enum { TRACED = 64 };

/* Lines are "pid call(...)"; gives the number of processes that loaded a filter. */
static int check_trace(str trace) {
    long filtered[TRACED];
    int  count = 0, proofs = 0;
    str  line;

    while (str_line(&trace, &line)) {
        char  text[200];
        char *call;
        long  pid;
        bool  locked = false;

        (void)str_copy(str_sub(line, 0, sizeof text - 1), text, sizeof text);
        pid = strtol(text, &call, 10);
        while (*call == ' ')
            call++;
        for (int i = 0; i < count; i++)
            locked = locked || filtered[i] == pid;
        /* the zygote's proof that the filter kills */
        if (locked && strncmp(call, "socket(AF_INET, ", 16) == 0 && proofs++ == 0)
            continue;
        if (locked && !is_allowed(call))
            print_error("behind the filter: %s\n", text);
        CHECK(!locked || is_allowed(call));
        if (strncmp(call, "seccomp(SECCOMP_SET_MODE_FILTER, ", 33) == 0 &&
            str_ends(line, STR("= 0")) && count < TRACED)
            filtered[count++] = pid;
    }
    return count;
}

TEST(strace_sees_nothing_forbidden) {
    char       command[1200], out[] = "/tmp/portwarden-strace-XXXXXX";
    struct buf AUTO(buf_done) trace = BUF_INIT(MIB(64));
    struct err err = ERR_NONE;
    char       self[600];
    ssize_t    n = readlink("/proc/self/exe", self, sizeof self - 1);

#ifdef PW_SANITIZED
    SKIP("sanitizers make calls of their own; the release build is looked at");
#endif
    if (system("strace -f -o /dev/null true >/dev/null 2>&1") != 0)
        SKIP("strace is missing or may not trace here");
    self[n] = '\0';
    close(mkstemp(out));
    snprintf(command, sizeof command, "strace -f -o %s %s --one-reading", out, self);
    CHECK_EQ(system(command), 0);
    CHECK_OK(file_read(out, MIB(64), &trace, &err));
    unlink(out);
    CHECK(check_trace(buf_str(&trace)) >=
          2); /* the zygote's proof dies on purpose, the reader lives */
}

static int one_reading(void) {
    struct kit      AUTO(kit_done) kit = KIT;
    struct sandbox *sandbox = open_with((struct sandbox_options){.wall_seconds = 60});
    int             fd = layer_file(&kit, MIB(1));

    check_reads(sandbox, fd, kit.bytes.len);
    sandbox_close(sandbox);
    return 0;
}

int main(int argc, char **argv) {
    const struct CMUnitTest tests[] = {
        UNIT(a_reading_gives_the_facts),
        UNIT(many_readings_at_once),
        UNIT(a_file_that_grows),
        UNIT(telling_never_blocks),
        UNIT(starved),
        UNIT(fed_in_time),
        UNIT(too_slow_in_all),
        UNIT(a_file_shorter_than_said),
        UNIT(a_layer_that_is_cut),
        UNIT(answers_have_a_ceiling),
        UNIT(memory_has_a_ceiling),
        UNIT(processor_time_has_a_ceiling),
        UNIT(a_layer_that_cannot_be_read),
        UNIT(cancelled),
        UNIT(a_dead_zygote_is_replaced),
        UNIT(closing_ends_everything),
        UNIT(many_threads),
        UNIT(strace_sees_nothing_forbidden),
    };
    bool is_zygote = false;
    int  code = sandbox_zygote_main(argc, argv, &is_zygote);

    if (is_zygote)
        return code;
    if (argc == 2 && strcmp(argv[1], "--one-reading") == 0)
        return one_reading();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
