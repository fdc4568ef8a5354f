#pragma once
/*
 * tar_maker.h - writes tar members byte by byte, also ones that no tool would write.
 */
#include "test.h"

struct member {
    const char *name;
    char type; /* '0' file, '1' hard link, '2' symlink, '5' directory, 'x' pax, 'L' long name */
    const char *link;
    const char *content;
    unsigned    mode;
};

static inline void add_member_bytes(struct buf *out, const struct member *m, str content) {
    unsigned char header[512] = {0};
    unsigned      sum = 0;
    size_t        name_len = strlen(m->name);

    memcpy(header, m->name, MIN_OF(name_len, 100));
    snprintf((char *)header + 100, 8, "%07o", m->mode);
    memcpy(header + 108, "0000000", 8);
    memcpy(header + 116, "0000000", 8);
    snprintf((char *)header + 124, 12, "%011o", (unsigned)content.len);
    memcpy(header + 136, "14000000000", 12);
    memset(header + 148, ' ', 8);
    header[156] = (unsigned char)m->type;
    if (m->link != NULL)
        memcpy(header + 157, m->link, MIN_OF(strlen(m->link), 100));
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += header[i];
    snprintf((char *)header + 148, 8, "%06o", sum);
    buf_add(out, str_make(header, sizeof header));
    buf_add(out, content);
    memset(header, 0, sizeof header);
    buf_add(out, str_make(header, (512 - content.len % 512) % 512));
}

static inline void add_member(struct buf *out, const struct member *m) {
    add_member_bytes(out, m, str_of(m->content != NULL ? m->content : ""));
}

/* One pax record "<length> key=value\n"; the length counts itself. */
static inline void add_pax_record(struct buf *out, const char *key, str value) {
    size_t len = strlen(key) + value.len + 3, total = len;
    char   digits[32];

    for (int i = 0; i < 3; i++)
        total = len + (size_t)snprintf(digits, sizeof digits, "%zu", total);
    buf_addf(out, "%zu %s=", total, key);
    buf_add(out, value);
    buf_addc(out, '\n');
}

static inline void add_end(struct buf *out) {
    static const char zeros[1024];

    buf_add(out, str_make(zeros, sizeof zeros));
}
