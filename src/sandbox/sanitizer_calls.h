#pragma once
/*
 * sanitizer_calls.h - what AddressSanitizer and UBSan need behind the filter.
 *
 * Only for builds with PW_SANITIZED; a release build has an empty list, and a test proves it.
 */
#ifdef PW_SANITIZED
#define SANITIZER_CALLS                                                                            \
    SCMP_SYS(sched_yield), SCMP_SYS(futex), SCMP_SYS(gettid), SCMP_SYS(getpid),                    \
        SCMP_SYS(sigaltstack), SCMP_SYS(mprotect), SCMP_SYS(rt_sigprocmask),                       \
        SCMP_SYS(rt_sigaction), SCMP_SYS(tgkill), SCMP_SYS(prctl), SCMP_SYS(readlink),             \
        SCMP_SYS(sched_getaffinity), SCMP_SYS(getrandom)
#endif
