/* facts_encode.c - facts to bytes; facts_form.h says the order. */
#include <endian.h>

#include "base/limits.h"
#include "inventory/facts.h"
#include "inventory/facts_form.h"

static void put_u32(struct buf *out, uint32_t value) {
    value = htole32(value);
    buf_add(out, str_make(&value, sizeof value));
}

static void put_u64(struct buf *out, uint64_t value) {
    value = htole64(value);
    buf_add(out, str_make(&value, sizeof value));
}

static void put_str(struct buf *out, str text) {
    put_u32(out, (uint32_t)text.len);
    buf_add(out, text);
}

static void put_hashes(struct buf *out, const uint64_t *hashes, size_t count) {
    put_u32(out, (uint32_t)count);
#if __BYTE_ORDER == __LITTLE_ENDIAN
    buf_add(out, str_make(hashes, count * sizeof *hashes));
#else
    for (size_t i = 0; i < count; i++)
        put_u64(out, hashes[i]);
#endif
}

static void put_package(struct buf *out, const struct package *package) {
    put_str(out, package->ecosystem);
    put_str(out, package->namespace_);
    put_str(out, package->name);
    put_str(out, package->version);
    put_str(out, package->source);
    put_str(out, package->source_version);
    put_str(out, package->arch);
    put_str(out, package->module);
    put_str(out, package->origin);
}

static void put_evidence(struct buf *out, const struct evidence *evidence) {
    put_u32(out, evidence->role);
    put_str(out, evidence->analyzer);
    put_str(out, evidence->path);
    put_u32(out, (uint32_t)evidence->package_count);
    for (size_t i = 0; i < evidence->package_count; i++)
        put_package(out, &evidence->packages[i]);
    put_u32(out, (uint32_t)evidence->owner_count);
    for (size_t i = 0; i < evidence->owner_count; i++) {
        put_str(out, evidence->owners[i].package);
        put_hashes(out, evidence->owners[i].paths, evidence->owners[i].path_count);
    }
}

static void put_os_file(struct buf *out, const struct os_file *file) {
    put_u32(out, file->kind);
    put_str(out, file->path);
    put_str(out, file->id);
    put_str(out, file->version_id);
    put_str(out, file->name);
    put_str(out, file->codename);
}

static void put_incomplete(struct buf *out, const struct incomplete *list, size_t count) {
    put_u32(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_str(out, list[i].path);
        put_str(out, list[i].reason);
        put_str(out, list[i].kind);
    }
}

pw_code facts_encode(const struct layer_facts *facts, struct buf *out, struct err *err) {
    size_t start = out->len;
    str    written;

    buf_add(out, STR(FACTS_MAGIC));
    put_u32(out, FACTS_VERSION);
    put_str(out, facts->format);
    put_u64(out, facts->inflated_bytes);
    put_u64(out, facts->entries);
    put_u32(out, (uint32_t)facts->evidence_count);
    for (size_t i = 0; i < facts->evidence_count; i++)
        put_evidence(out, &facts->evidence[i]);
    put_u32(out, (uint32_t)facts->os_file_count);
    for (size_t i = 0; i < facts->os_file_count; i++)
        put_os_file(out, &facts->os_files[i]);
    put_u32(out, (uint32_t)facts->link_count);
    for (size_t i = 0; i < facts->link_count; i++) {
        put_str(out, facts->links[i].path);
        put_str(out, facts->links[i].target);
    }
    put_incomplete(out, facts->gaps, facts->gap_count);
    put_incomplete(out, facts->incomplete, facts->incomplete_count);
    put_hashes(out, facts->files.hashes, facts->files.count);
    put_hashes(out, facts->dirs.hashes, facts->dirs.count);
    put_hashes(out, facts->whiteouts.hashes, facts->whiteouts.count);
    put_hashes(out, facts->opaques.hashes, facts->opaques.count);
    put_u64(out, str_hash(str_from(buf_str(out), start)));
    return buf_finish(out, &written, err);
}
