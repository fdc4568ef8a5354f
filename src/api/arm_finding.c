/* arm_finding.c - rows of one image, and their names. */
#include "api/arm_finding.h"

#include <stdio.h>
#include "base/digest.h"
#include "base/map.h"

static void hash_text(struct hasher *h, str text) {
    uint64_t n = text.len;

    hasher_add(h, &n, sizeof n);
    hasher_add(h, text.ptr != NULL ? text.ptr : "", text.len);
}

void arm_finding_image_part(const struct image_row *image, char ret_part[13]) {
    struct hasher h;
    struct digest digest;

    hasher_init(&h, DIGEST_SHA256);
    hash_text(&h, image->subscription);
    hash_text(&h, image->registry);
    hash_text(&h, image->repository);
    hash_text(&h, image->digest);
    hasher_digest(&h, &digest);
    hex_encode(digest.bytes, 6, ret_part);
}

bool arm_finding_name_is_of(const struct image_row *image, str name) {
    char part[13], wanted[14];

    arm_finding_image_part(image, part);
    snprintf(wanted, sizeof wanted, "%.8s-%.4s", part, part + 8);
    return name.len == ARM_NAME_SIZE - 1 && str_eq_nocase(str_sub(name, 0, 13), str_of(wanted));
}

/* As a version 5 UUID: 48 bits of the image, the version, 74 bits of finding and source. */
static void name_row(const struct image_row *image, str vulnerability, str source,
                     char out[ARM_NAME_SIZE]) {
    struct hasher h;
    struct digest digest;
    char          part[13], rest[25];

    arm_finding_image_part(image, part);
    hasher_init(&h, DIGEST_SHA256);
    hash_text(&h, vulnerability);
    hash_text(&h, source);
    hasher_digest(&h, &digest);
    digest.bytes[2] = (unsigned char)((digest.bytes[2] & 0x3F) | 0x80);
    hex_encode(digest.bytes, 12, rest);
    snprintf(out, ARM_NAME_SIZE, "%.8s-%.4s-5%.3s-%.4s-%.12s", part, part + 8, rest, rest + 4,
             rest + 8);
}

static str source_of(const struct finding *f) {
    if (f->package == NULL)
        return STR("");
    return f->package->source.len > 0 ? f->package->source : f->package->name;
}

static pw_code group(struct arena *arena, const struct image_row *image,
                     const struct report *report, struct arm_rows *rows, struct err *err) {
    AUTO(map_done) struct map     by_key = MAP_INIT;
    size_t                        n = report->finding_count;
    const struct report_finding **findings =
        arena_array(arena, n + 1, sizeof(struct report_finding *));
    size_t *row_of = arena_array(arena, n + 1, sizeof *row_of);

    rows->rows = arena_array(arena, n + 1, sizeof *rows->rows);
    if (findings == NULL || row_of == NULL || rows->rows == NULL)
        return arena_error(arena, err);
    for (size_t i = 0; i < n; i++) {
        const struct finding *f = &report->findings[i].finding;
        str    key = arena_strf(arena, STR_FMT "\n" STR_FMT, STR_ARG(f->id), STR_ARG(source_of(f)));
        void **place = key.ptr != NULL ? map_at(&by_key, key) : NULL;

        if (place == NULL)
            return err_set(err, PW_MEMORY, "no memory for findings");
        if (*place == NULL) {
            struct arm_row *row = &rows->rows[rows->count++];

            name_row(image, f->id, source_of(f), row->name);
            *place = row;
        }
        row_of[i] = (size_t)((struct arm_row *)*place - rows->rows);
        rows->rows[row_of[i]].count++;
    }
    for (size_t r = 0, at = 0; r < rows->count; at += rows->rows[r++].count)
        rows->rows[r].findings = findings + at;
    for (size_t r = 0; r < rows->count; r++)
        rows->rows[r].count = 0;
    for (size_t i = 0; i < n; i++) {
        struct arm_row *row = &rows->rows[row_of[i]];

        row->findings[row->count++] = &report->findings[i];
    }
    return PW_OK;
}

pw_code arm_finding_rows(struct arena *arena, const struct image_row *image,
                         const struct report *report, struct arm_rows *ret_rows, struct err *err) {
    struct arm_rows rows = {0};

    if (report->state == IMAGE_HEALTHY) {
        rows.rows = arena_new(arena, struct arm_row);
        if (rows.rows == NULL)
            return arena_error(arena, err);
        rows.count = 1;
        name_row(image, STR("healthy"), STR(""), rows.rows[0].name);
    } else if (report->state == IMAGE_UNHEALTHY) {
        PW_TRY(group(arena, image, report, &rows, err));
    }
    *ret_rows = rows;
    return PW_OK;
}
