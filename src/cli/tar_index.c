/* tar_index.c - 512-byte headers, one after the other. */
#include "cli/tar_index.h"

#include <sys/stat.h>
#include "base/file.h"
#include "base/limits.h"

enum { BLOCK = 512, LINK_DEPTH = 8 };

struct walk {
    int              fd;
    uint64_t         at, end;
    struct arena    *arena;
    struct tar_index index;
    size_t           room;
    /* from a pax or GNU header, for the next member */
    str      name, link;
    uint64_t size;
    bool     has_size;
};

static bool number(const unsigned char *field, size_t n, uint64_t *ret_value) {
    uint64_t value = 0;
    size_t   i = 0;

    if (field[0] & 0x80) {
        if (field[0] != 0x80)
            return false; /* negative, or past 2^64 */
        for (i = 1; i < n; i++) {
            if (value >> 56)
                return false;
            value = value << 8 | field[i];
        }
        *ret_value = value;
        return true;
    }
    while (i < n && field[i] == ' ')
        i++;
    for (; i < n && field[i] >= '0' && field[i] <= '7'; i++)
        value = value * 8 + (uint64_t)(field[i] - '0');
    *ret_value = value;
    return i == n || field[i] == '\0' || field[i] == ' ';
}

static bool checksum_holds(const unsigned char *block) {
    uint64_t wanted, sum = 0;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= 148 && i < 156 ? ' ' : block[i];
    return number(block + 148, 8, &wanted) && wanted == sum;
}

static str field(const unsigned char *block, size_t at, size_t n) {
    return str_make(block + at, strnlen((const char *)block + at, n));
}

static str plain_name(str name) {
    while (str_starts(name, STR("./")))
        name = str_from(name, 2);
    return name;
}

/* "LENGTH KEY=VALUE\n" records of a pax header. */
static pw_code take_pax(struct walk *w, str text, struct err *err) {
    while (text.len > 0) {
        str      record = text, head = STR_NONE, key = STR_NONE;
        uint64_t length = 0;

        if (!str_cut(&record, ' ', &head) || !str_to_u64(head, text.len, &length) ||
            length <= head.len + 1)
            return err_set(err, PW_CORRUPT, "a pax header is malformed");
        record = str_sub(text, head.len + 1, (size_t)length - head.len - 2);
        text = str_from(text, (size_t)length);
        if (!str_cut(&record, '=', &key))
            continue;
        if (str_eq(key, STR("path")))
            w->name = record;
        if (str_eq(key, STR("linkpath")))
            w->link = record;
        if (str_eq(key, STR("size"))) {
            if (!str_to_u64(record, UINT64_MAX, &w->size))
                return err_set(err, PW_CORRUPT, "a pax header has a bad size");
            w->has_size = true;
        }
    }
    return PW_OK;
}

static pw_code read_text(struct walk *w, uint64_t size, str *ret_text, struct err *err) {
    char  *text;
    size_t n;

    if (size > MIB(1))
        return err_set(err, PW_TOO_LARGE, "a header of the archive is larger than 1 MiB");
    text = arena_alloc(w->arena, (size_t)size + 1);
    if (text == NULL)
        return arena_error(w->arena, err);
    PW_TRY(fd_pread_all(w->fd, text, (size_t)size, (off_t)w->at, &n, err));
    *ret_text = str_make(text, n);
    return PW_OK;
}

static pw_code add_member(struct walk *w, const unsigned char *block, uint64_t size,
                          struct err *err) {
    struct tar_member *m;
    str                prefix = field(block, 345, 155), name = field(block, 0, 100);
    bool               ustar = memcmp(block + 257, "ustar\0", 6) == 0;

    if (w->index.count == TAR_INDEX_MEMBERS)
        return err_set(err, PW_TOO_LARGE, "the archive has more than %d members",
                       TAR_INDEX_MEMBERS);
    if (w->index.count == w->room) {
        size_t room = w->room > 0 ? w->room * 2 : 64;

        m = arena_grow(w->arena, w->index.members, w->room * sizeof *m, room * sizeof *m);
        if (m == NULL)
            return arena_error(w->arena, err);
        w->index.members = m;
        w->room = room;
    }
    m = &w->index.members[w->index.count++];
    if (w->name.len > 0)
        m->name = plain_name(w->name);
    else if (ustar && prefix.len > 0)
        m->name =
            plain_name(arena_strf(w->arena, STR_FMT "/" STR_FMT, STR_ARG(prefix), STR_ARG(name)));
    else
        m->name = plain_name(arena_str(w->arena, name));
    m->link = STR_NONE;
    if (block[156] == '1' || block[156] == '2')
        m->link = w->link.len > 0 ? w->link : arena_str(w->arena, field(block, 157, 100));
    m->offset = w->at;
    m->size = size;
    w->name = w->link = STR_NONE;
    w->has_size = false;
    return m->name.ptr != NULL ? PW_OK : arena_error(w->arena, err);
}

/* GNU names end with a NUL. */
static str first_text(str text) {
    size_t end = str_find_char(text, '\0');

    return end != STR_NPOS ? str_sub(text, 0, end) : text;
}

static pw_code take_header(struct walk *w, const unsigned char *block, struct err *err) {
    uint64_t size;
    str      text = STR_NONE;

    if (!checksum_holds(block) || !number(block + 124, 12, &size))
        return err_set(err, PW_CORRUPT, "the archive is not a tar, or damaged at byte %llu",
                       (unsigned long long)w->at);
    w->at += BLOCK;
    if (w->has_size && block[156] != 'x' && block[156] != 'g')
        size = w->size;
    if (size > w->end - w->at)
        return err_set(err, PW_CORRUPT, "the archive ends in the middle of a member");
    switch (block[156]) {
    case 'x':
        PW_TRY(read_text(w, size, &text, err));
        PW_TRY(take_pax(w, text, err));
        break;
    case 'L':
    case 'K':
        PW_TRY(read_text(w, size, &text, err));
        *(block[156] == 'L' ? &w->name : &w->link) = first_text(text);
        break;
    case 'g':
        break;
    default:
        PW_TRY(add_member(w, block, size, err));
    }
    w->at += (size + BLOCK - 1) / BLOCK * BLOCK;
    return PW_OK;
}

pw_code tar_index_read(int fd, struct arena *arena, struct tar_index *ret_index, struct err *err) {
    static const unsigned char zeros[BLOCK];
    unsigned char              block[BLOCK];
    struct walk                w = {.fd = fd, .arena = arena};
    struct stat                st;
    size_t                     n;

    if (fstat(fd, &st) != 0)
        return err_errno(err, "cannot look at the archive");
    w.end = (uint64_t)st.st_size;
    while (w.at + BLOCK <= w.end) {
        PW_TRY(fd_pread_all(fd, block, BLOCK, (off_t)w.at, &n, err));
        if (n < BLOCK || memcmp(block, zeros, BLOCK) == 0)
            break;
        PW_TRY(take_header(&w, block, err));
    }
    *ret_index = w.index;
    return PW_OK;
}

/* "a/b" and "../c/layer.tar" -> "c/layer.tar"; the archive's own folder is the root. */
static str resolve(struct arena *arena, str from, str link) {
    size_t slash;

    if (link.len > 0 && link.ptr[0] == '/')
        return str_from(link, 1);
    slash = str_rfind_char(from, '/');
    from = str_sub(from, 0, slash != STR_NPOS ? slash : 0);
    while (str_starts(link, STR("../"))) {
        slash = str_rfind_char(from, '/');
        from = str_sub(from, 0, slash != STR_NPOS ? slash : 0);
        link = str_from(link, 3);
    }
    return from.len > 0 ? arena_strf(arena, STR_FMT "/" STR_FMT, STR_ARG(from), STR_ARG(link))
                        : link;
}

const struct tar_member *tar_index_find(const struct tar_index *index, struct arena *arena,
                                        str name) {
    for (int depth = 0; depth < LINK_DEPTH; depth++) {
        const struct tar_member *found = NULL;

        for (size_t i = 0; i < index->count; i++)
            if (str_eq(index->members[i].name, name))
                found = &index->members[i];
        if (found == NULL || found->link.len == 0)
            return found;
        name = resolve(arena, name, found->link);
    }
    return NULL;
}
