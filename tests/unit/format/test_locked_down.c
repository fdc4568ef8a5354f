/*
 * Decoders of layers under a filter that kills at the first system call beyond memory and reading:
 * what the sandbox child will meet, one test a library.
 */
#include <seccomp.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/limits.h"
#include "format/json.h"
#include "format/tar.h"
#include "packer.h"
#include "tar_maker.h"

static void lock_down(void) {
    static const int allowed[] = {
        SCMP_SYS(read),         SCMP_SYS(write),         SCMP_SYS(exit),    SCMP_SYS(exit_group),
        SCMP_SYS(munmap),       SCMP_SYS(brk),           SCMP_SYS(mremap),  SCMP_SYS(madvise),
        SCMP_SYS(rt_sigreturn), SCMP_SYS(clock_gettime), SCMP_SYS(pread64),
    };
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);

    EACH (call, allowed)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, *call, 0) != 0)
            _exit(90);
    /* anonymous memory only */
    if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                         SCMP_A4(SCMP_CMP_MASKED_EQ, 0xffffffff, 0xffffffff)) != 0)
        _exit(91);
    if (seccomp_load(filter) != 0)
        _exit(92);
}

static const struct inflate_limits wide = {(uint64_t)1 << 40, 1 << 20};

/* Exit status of a child: 0 when the walk found `entries` entries. */
static int walk(str archive, unsigned entries) {
    struct inflate         *bytes;
    struct tar             *tar;
    const struct tar_entry *entry;
    unsigned                found = 0;

    if (inflate_open(pull_source_of_slice(&archive), wide, &bytes, NULL) != PW_OK ||
        tar_open(bytes, &tar, NULL) != PW_OK)
        return 1;
    for (;;) {
        struct buf content = BUF_INIT(MIB(1));

        if (tar_next(tar, &entry, NULL) != PW_OK)
            return 2;
        if (entry == NULL)
            break;
        found++;
        if (entry->type == TAR_FILE && tar_read_all(tar, MIB(1), &content, NULL) != PW_OK)
            return 3;
        buf_done(&content);
    }
    tar_close(tar);
    inflate_close(bytes);
    return found == entries ? 0 : 4;
}

static int parse(str text, unsigned ignored) {
    json_t *root;

    return json_parse(text, MIB(1), &root, NULL) == PW_OK && json_opt_int(root, "a", 0) == 7 ? 0
                                                                                             : 1;
}

/* Runs `task` in a child behind the filter; 0 when it ended well. */
static int locked_down(int (*task)(str, unsigned), str bytes, unsigned number) {
    int   status;
    pid_t child = fork();

    if (child == 0) {
        lock_down();
        _exit(task(bytes, number));
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status))
        print_error("the child died of signal %d\n", WTERMSIG(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#ifdef PW_SANITIZED
#define SKIP_WHEN_SANITIZED SKIP("sanitizers make system calls of their own")
#else
#define SKIP_WHEN_SANITIZED
#endif

TEST(every_packing_of_a_layer) {
    static void (*const pack[])(struct buf *, str) = {pack_plain, pack_gzip, pack_zstd, pack_xz,
                                                      pack_bzip2};
    AUTO(buf_done)
    struct buf archive = BUF_INIT(MIB(4)), pax = BUF_INIT(KIB(1)), sample = BUF_INIT(MIB(1));
    struct err err = ERR_NONE;

    SKIP_WHEN_SANITIZED;
    add_sample(&sample, KIB(700));
    add_member_bytes(&archive,
                     &(struct member){.name = "var/lib/dpkg/status", .type = '0', .mode = 0644},
                     buf_str(&sample));
    add_pax_record(&pax, "path", STR("caf\xC3\xA9/\xE6\x97\xA5\xE6\x9C\xAC"));
    add_pax_record(&pax, "mtime", STR("1234567890.123456789"));
    add_pax_record(&pax, "SCHILY.xattr.user.name", STR("value"));
    add_member_bytes(&archive, &(struct member){.name = "pax", .type = 'x'}, buf_str(&pax));
    add_member(&archive, &(struct member){.name = "x", .type = '0', .content = "y", .mode = 0644});
    add_member(&archive,
               &(struct member){.name = "../bad", .type = '0', .content = "y", .mode = 0644});
    add_end(&archive);
    CHECK_OK(tar_warm_up(&err));
    EACH (f, pack) {
        AUTO(buf_done) struct buf packed = BUF_INIT(MIB(4));
        int                       cut;

        (*f)(&packed, buf_str(&archive));
        CHECK_EQ(locked_down(walk, buf_str(&packed), 3), 0);
        cut = locked_down(walk, str_sub(buf_str(&packed), 0, packed.len / 2), 3);
        CHECK(cut == 2 || cut == 3); /* an error, between entries or inside one */
    }
}

TEST(json_documents) {
    SKIP_WHEN_SANITIZED;
    json_warm_up();
    CHECK_EQ(locked_down(parse, STR("{\"a\":7,\"b\":[1.5,\"x\"]}"), 0), 0);
    CHECK_EQ(locked_down(parse, STR("{\"a\":7,\"a\":8}"), 0), 1);
}

RUN_TESTS(UNIT(every_packing_of_a_layer), UNIT(json_documents))
