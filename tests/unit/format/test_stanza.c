/* Control stanzas: fields, continuation lines, damage. */
#include "format/stanza.h"
#include "base/limits.h"
#include "test.h"

/* Writes what was read as "key=value;" a field and "|" a stanza, newlines as '/'. */
static void told(str text, struct buf *out, struct stanza_reader *ret_reader) {
    struct stanza_reader reader = STANZA_READER(text);
    str                  stanza, key, value;

    while (stanza_next(&reader, &stanza)) {
        while (stanza_field(&stanza, &key, &value)) {
            buf_addf(out, STR_FMT "=", STR_ARG(key));
            for (size_t i = 0; i < value.len; i++)
                buf_addc(out, value.ptr[i] == '\n' ? '/' : value.ptr[i]);
            buf_addc(out, ';');
        }
        buf_addc(out, '|');
    }
    *ret_reader = reader;
}

TEST(stanzas) {
    static const struct {
        const char *text, *want;
        size_t      malformed, malformed_at;
        bool        cut;
    } cases[] = {
        {"", "", 0, 0, false},
        {"\n\n\n", "", 0, 0, false},
        {"Package: a\nVersion: 1\n", "Package=a;Version=1;|", 0, 0, false},
        {"Package: a", "Package=a;|", 0, 0, false}, /* no final newline */
        {"Package: a\n\nPackage: b\n", "Package=a;|Package=b;|", 0, 0, false},
        {"\n\nPackage: a\n\n\n\nPackage: b\n\n", "Package=a;|Package=b;|", 0, 0, false},
        {"Package: a\n \t \nPackage: b\n", "Package=a;|Package=b;|", 0, 0, false}, /* blanks only */
        {"Package: a\r\nVersion: 1\r\n\r\nPackage: b\r\n", "Package=a;Version=1;|Package=b;|", 0, 0,
         false},
        {"Package:a\nVersion:\t1  \n", "Package=a;Version=1;|", 0, 0, false},
        {"Empty:\nPackage: a\n", "Empty=;Package=a;|", 0, 0, false},
        {"Url: http://x:80/\n", "Url=http://x:80/;|", 0, 0, false},
        {"Package : a\n", "Package=a;|", 0, 0, false},
        {"Conffiles:\n /etc/a 1\n /etc/b 2\nPackage: a\n",
         "Conffiles=/etc/a 1/ /etc/b 2;Package=a;|", 0, 0, false},
        {"Description: short\n long\n .\n\tmore", "Description=short/ long/ ./\tmore;|", 0, 0,
         false},
        {"Description: x\n y: not a field\nPackage: a\n",
         "Description=x/ y: not a field;Package=a;|", 0, 0, false},
        /* malformed lines are skipped and counted */
        {"Package: a\nnonsense\nVersion: 1\n", "Package=a;Version=1;|", 1, 2, false},
        {" continuation of nothing\nPackage: a\n", "Package=a;|", 1, 1, false},
        {"Package: a\nnonsense\n belongs to it\nVersion: 1\n", "Package=a;Version=1;|", 2, 2,
         false},
        {": no key\nPackage: a\n", "Package=a;|", 1, 1, false},
        {"two words: x\nPackage: a\n", "Package=a;|", 1, 1, false},
        {"Package: a\n\nnonsense\n\nPackage: b\n", "Package=a;||Package=b;|", 1, 3, false},
        {"Package: a\nVers", "Package=a;|", 1, 2, true}, /* cut in the middle of a line */
        {"Package: a\nVers\n", "Package=a;|", 1, 2, false},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf out = BUF_INIT(KIB(4));
        struct stanza_reader      reader;

        told(str_of(c->text), &out, &reader);
        CHECK_STR(buf_str(&out), c->want);
        CHECK_EQ(reader.malformed, c->malformed);
        CHECK_EQ(reader.malformed_at, c->malformed_at);
        CHECK_EQ(reader.cut, c->cut);
    }
}

TEST(lookups) {
    str stanza = STR("package: a\nVERSION: 1\nVersion: 2\nMany:\n first\n second\n");

    CHECK_STR(stanza_get(stanza, STR("Package")), "a"); /* keys have no case */
    CHECK_STR(stanza_get(stanza, STR("Version")), "1"); /* the first wins */
    CHECK_STR(stanza_get(stanza, STR("Missing")), "");
    CHECK_STR(stanza_first_line(stanza_get(stanza, STR("Many"))), "first");
    CHECK_STR(stanza_first_line(STR_NONE), "");
}

TEST(problems_are_sentences) {
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"A: b\n", ""},
        {"A: b\nx\n", "1 malformed line was skipped, the first is line 2"},
        {"\nA: b\nx\ny\n", "2 malformed lines were skipped, the first is line 3"},
        {"A: b\n\nB: c\nPack", "the text ends in the middle of line 4"},
    };

    EACH (c, cases) {
        AUTO(buf_done) struct buf out = BUF_INIT(KIB(4));
        struct stanza_reader      reader;
        char                      text[100];

        told(str_of(c->text), &out, &reader);
        CHECK_STR(stanza_problem(&reader, text, sizeof text), c->want);
    }
}

TEST(lines_have_any_length) {
    AUTO(buf_done) struct buf text = BUF_INIT((size_t)8 << 20);
    struct stanza_reader      reader;
    str                       stanza, value;

    buf_adds(&text, "Package: a\nDepends: ");
    memset(buf_room(&text, (size_t)4 << 20), 'x', (size_t)4 << 20);
    buf_wrote(&text, (size_t)4 << 20);
    buf_adds(&text, "\nVersion: 1\n");
    reader = (struct stanza_reader)STANZA_READER(buf_str(&text));
    CHECK(stanza_next(&reader, &stanza));
    value = stanza_get(stanza, STR("Depends"));
    CHECK_EQ(value.len, (size_t)4 << 20);
    CHECK_STR(stanza_get(stanza, STR("Version")), "1");
    CHECK(!stanza_next(&reader, &stanza));
}

RUN_TESTS(UNIT(stanzas), UNIT(lookups), UNIT(problems_are_sentences), UNIT(lines_have_any_length))
