#pragma once
/*
 * test.h - a unit test reads as a statement of behaviour.
 *
 *   TEST(reference_names) { ... CHECK_EQ(call(), PW_OK); }
 *   RUN_TESTS(UNIT(reference_names))
 *
 * Cases in text files: case_file("version/deb.txt", each, ctx) calls each(ctx, line, number) for
 * every line that is neither empty nor a comment (# ...). SKIP("why") ends a test as skipped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/str.h"

#define TEST(name) static void name(void **test_state PW_UNUSED)
#define UNIT(name) cmocka_unit_test(name)
#define RUN_TESTS(...)                                                                             \
    int main(void) {                                                                               \
        const struct CMUnitTest tests[] = {__VA_ARGS__};                                           \
        return cmocka_run_group_tests(tests, NULL, NULL);                                          \
    }

#define CHECK(condition) assert_true(condition)
#define CHECK_EQ(a, b)   assert_int_equal((a), (b))
#define CHECK_TEXT(a, b) assert_string_equal((a), (b))
/* a str against a C string */
#define CHECK_STR(s, text) check_str((s), (text), __FILE__, __LINE__)
/* a call that must succeed; prints the error's text when it does not. Needs `struct err err`. */
#define CHECK_OK(call) check_ok((call), &err, __FILE__, __LINE__)
#define SKIP(why)                                                                                  \
    do {                                                                                           \
        print_message("skipped: %s\n", why);                                                       \
        skip();                                                                                    \
    } while (0)

static inline void check_str(str got, const char *want, const char *file, int line) {
    if (!str_eq(got, str_of(want))) {
        print_error("got  \"" STR_FMT "\"\nwant \"%s\"\n", STR_ARG(got), want);
        _fail(file, line);
    }
}

static inline void check_ok(pw_code code, const struct err *err, const char *file, int line) {
    if (code != PW_OK) {
        print_error("%s: %s\n", pw_code_name(code), err_text(err));
        _fail(file, line);
    }
}

/* tests/cases/<name>; PORTWARDEN_SOURCE is set by the build. */
static inline void case_file(const char *name, void (*each)(void *ctx, str line, int number),
                             void       *ctx) {
    char       path[1024];
    struct buf text = BUF_INIT((size_t)64 << 20);
    struct err err = ERR_NONE;
    str        rest, line;

    snprintf(path, sizeof path, "%s/tests/cases/%s", getenv("PORTWARDEN_SOURCE"), name);
    check_ok(file_read(path, (size_t)64 << 20, &text, &err), &err, __FILE__, __LINE__);
    rest = buf_str(&text);
    for (int number = 1; str_line(&rest, &line); number++) {
        str bare = str_trim(line);

        if (bare.len > 0 && bare.ptr[0] != '#')
            each(ctx, line, number);
    }
    buf_done(&text);
}

/* A folder of shared test data: $PORTWARDEN_TESTDATA or ../shared/testdata beside the source; NULL when absent. */
static inline const char *shared_testdata(void) {
    static char path[1024];
    const char *given = getenv("PORTWARDEN_TESTDATA");

    snprintf(path, sizeof path, "%s%s", given != NULL ? given : getenv("PORTWARDEN_SOURCE"),
             given != NULL ? "" : "/../shared/testdata");
    return file_exists(path) ? path : NULL;
}
