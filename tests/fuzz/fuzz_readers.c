/* fuzz_readers.c - one file for each reader in turn: the first byte chooses it. */
#include "base/limits.h"
#include "inventory/analyzer.h"
#include "inventory/gaps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const paths[] = {
    "var/lib/dpkg/status",  "var/lib/dpkg/info/a.list",    "var/lib/dpkg/info/a.md5sums",
    "lib/apk/db/installed", "node_modules/a/package.json", "a.dist-info/METADATA",
    "etc/os-release",       "etc/apk/repositories",        "etc/debian_version",
};

static void look_at_program(const uint8_t *data, size_t size) {
    struct program program = {0};

    for (size_t at = 0, step = 100; at < size; at += step)
        program_feed(&program, data + at, MIN_OF(step, size - at));
    (void)program_gap(&program);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct collect collect;
    struct entry   entry = {.mode = 0644};
    struct buf     out = BUF_INIT(LIMIT_FACTS_BYTES);

    if (size == 0)
        return 0;
    if (data[0] % (COUNT_OF(paths) + 1) == COUNT_OF(paths)) {
        look_at_program(data + 1, size - 1);
        return 0;
    }
    entry.path = str_of(paths[data[0] % (COUNT_OF(paths) + 1)]);
    collect_init(&collect);
    for (size_t i = 0; analyzers[i] != NULL; i++)
        if (analyzers[i]->wants(&entry)) {
            collect_open(&collect, analyzers[i]->role(&entry), analyzers[i]->name, entry.path);
            if (analyzers[i]->read(&collect, &entry, str_make(data + 1, size - 1), NULL) != PW_OK ||
                collect_close(&collect, NULL) != PW_OK)
                collect_abandon(&collect);
            break;
        }
    (void)facts_encode(collect_finish(&collect), &out, NULL);
    buf_done(&out);
    collect_done(&collect);
    return 0;
}
