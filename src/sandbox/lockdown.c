/* lockdown.c - see lockdown.h. */
#include "sandbox/lockdown.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sanitizer_calls.h"

enum { NOBODY = 65534 };

/* The kernel headers of Debian 12 know Landlock ABI 2 only: declared here up to ABI 7. */
struct landlock_ruleset {
    uint64_t handled_fs;
    uint64_t handled_net; /* ABI 4 */
    uint64_t scoped;      /* ABI 6 */
};
enum { LANDLOCK_VERSION_FLAG = 1 };

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self  446
#endif

int lockdown_landlock_abi(void) {
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION_FLAG);

    return abi > 0 ? (int)abi : 0;
}

pw_code lockdown_landlock(struct err *err) {
    int                     abi = lockdown_landlock_abi();
    struct landlock_ruleset rules = {.handled_fs = (1u << 13) - 1}; /* ABI 1: 13 rights */
    size_t                  size = sizeof rules;
    long                    fd;

    if (abi == 0)
        return err_set(err, PW_UNSUPPORTED,
                       "this kernel has no Landlock: Linux 5.13 or later with \"landlock\" among "
                       "its security modules is needed");
    if (abi >= 2)
        rules.handled_fs |= 1u << 13; /* rename across folders */
    if (abi >= 3)
        rules.handled_fs |= 1u << 14; /* truncate */
    if (abi >= 5)
        rules.handled_fs |= 1u << 15; /* ioctl of devices */
    rules.handled_net = 3;            /* bind, connect */
    rules.scoped = 3;                 /* abstract sockets, signals */
    if (abi < 6)
        size = abi < 4 ? 8 : 16;
    fd = syscall(SYS_landlock_create_ruleset, &rules, size, 0);
    if (fd < 0)
        return err_errno(err, "cannot make a Landlock ruleset (ABI %d)", abi);
    if (syscall(SYS_landlock_restrict_self, (int)fd, 0) != 0) {
        (void)err_errno(err, "cannot enforce Landlock");
        close((int)fd);
        return err != NULL ? err->code : PW_IO;
    }
    close((int)fd);
    return PW_OK;
}

static pw_code no_capabilities(struct err *err) {
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct   none[2] = {{0}, {0}};

    (void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); /* absent: nothing to clear */
    if (syscall(SYS_capset, &head, none) != 0)
        return err_errno(err, "cannot give up capabilities");
    return PW_OK;
}

static pw_code no_new_privileges(struct err *err) {
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_errno(err, "cannot forbid core dumps and tracing");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_errno(err, "cannot forbid new privileges");
    return PW_OK;
}

pw_code lockdown_drop_privileges(struct err *err) {
    /* Best effort: a container may map no other user or hold no CAP_SETUID. Root without
     * capabilities behind Landlock and seccomp has nothing left either; zygotes report their user. */
    if (geteuid() == 0) {
        (void)!setgroups(0, NULL);
        (void)!setresgid(NOBODY, NOBODY, NOBODY);
        (void)!setresuid(NOBODY, NOBODY, NOBODY);
    }
    PW_TRY(no_capabilities(err));
    return no_new_privileges(err);
}

static pw_code set_limit(__rlimit_resource_t what, const char *name, uint64_t value,
                         struct err *err) {
    /* Soft and hard alike: the hard CPU limit sends SIGKILL, which also ends the first process of
     * a pid namespace; SIGXCPU of the soft one would be ignored there. */
    struct rlimit limit = {value, value};

    if (setrlimit(what, &limit) != 0)
        return err_errno(err, "cannot set the limit %s", name);
    return PW_OK;
}

static pw_code set_limits(const struct lockdown_limits *limits, struct err *err) {
#ifndef PW_SANITIZED
    PW_TRY(set_limit(RLIMIT_AS, "AS", limits->memory_bytes, err));
#endif
    PW_TRY(set_limit(RLIMIT_CPU, "CPU", limits->cpu_seconds, err));
    PW_TRY(set_limit(RLIMIT_NOFILE, "NOFILE", LOCKDOWN_RESULT_FD + 1, err));
    PW_TRY(set_limit(RLIMIT_FSIZE, "FSIZE", 0, err));
    PW_TRY(set_limit(RLIMIT_NPROC, "NPROC", 0, err));
    return set_limit(RLIMIT_CORE, "CORE", 0, err);
}

static const int plain_calls[] = {
    SCMP_SYS(exit),         SCMP_SYS(exit_group), SCMP_SYS(munmap),
    SCMP_SYS(mremap),       SCMP_SYS(brk),        SCMP_SYS(madvise),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(lseek),      SCMP_SYS(clock_gettime),
};
#ifdef PW_SANITIZED
static const int extra_calls[] = {SANITIZER_CALLS};
const size_t     lockdown_extra_calls = COUNT_OF(extra_calls);
#else
const size_t lockdown_extra_calls = 0;
#endif

/* The call's first argument is this descriptor; the kernel looks at 32 bits of it. */
static struct scmp_arg_cmp is_fd(unsigned fd) {
    return (struct scmp_arg_cmp){0, SCMP_CMP_MASKED_EQ, UINT32_MAX, fd};
}

static int add_rules(scmp_filter_ctx filter) {
    int bad = 0;

    EACH (call, plain_calls)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, *call, 0);
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(pread64), 1, is_fd(LOCKDOWN_LAYER_FD));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, is_fd(LOCKDOWN_CONTROL_FD));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, is_fd(LOCKDOWN_RESULT_FD));
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                            SCMP_A3(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
#ifdef PW_SANITIZED
    EACH (call, extra_calls)
        bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, *call, 0);
    bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, is_fd(STDERR_FILENO));
#endif
    return bad;
}

static pw_code filter_calls(struct err *err) {
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int             bad;

    if (filter == NULL)
        return err_set(err, PW_MEMORY, "cannot make a system call filter");
    bad = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (bad == 0)
        bad = add_rules(filter);
    if (bad == 0)
        bad = seccomp_load(filter);
    /* The filter is in force; releasing it only frees memory. */
    seccomp_release(filter);
    if (bad != 0)
        return err_set(err, PW_UNSUPPORTED,
                       "cannot load the system call filter (error %d): a kernel with "
                       "CONFIG_SECCOMP_FILTER is needed",
                       -bad);
    return PW_OK;
}

pw_code lockdown_apply(const struct lockdown_limits *limits, struct err *err) {
    PW_TRY(lockdown_drop_privileges(err));
    /* A change of ids clears the death signal, so it is set after them. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0)
        return err_errno(err, "cannot ask for the death signal");
    PW_TRY(lockdown_landlock(err));
    PW_TRY(set_limits(limits, err));
    return filter_calls(err);
}
