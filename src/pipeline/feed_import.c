/* feed_import.c - from a path through the parser into the store. */
#include "pipeline/feed_import.h"

#include <stdio.h>
#include "pipeline/feed_folder.h"
#include "store/feeds.h"
#include "store/vulnerabilities.h"

struct importing {
    const struct feed_import_options *options;
    struct feed_import_report        *report;
    struct advisory_import           *advisories; /* one of the two */
    struct vulnerability_import      *vulnerabilities;
};

/* --- the sink --- */

static pw_code count(struct importing *in, struct err *err) {
    if (in->options->cancel != NULL && atomic_load(in->options->cancel))
        return err_set(err, PW_CANCELLED, "the import was cancelled");
    in->report->read++;
    return PW_OK;
}

static pw_code take_advisory(void *ctx, str name, const struct advisory *advisory,
                             struct err *err) {
    struct importing *in = ctx;

    PW_TRY(count(in, err));
    return advisories_import_add(in->advisories, name, advisory, err);
}

static pw_code take_vulnerability(void *ctx, const struct vulnerability *vulnerability,
                                  struct err *err) {
    struct importing *in = ctx;

    PW_TRY(count(in, err));
    return vulnerabilities_import_add(in->vulnerabilities, vulnerability, err);
}

static pw_code take_epss(void *ctx, const struct epss_score *score, struct err *err) {
    struct importing *in = ctx;

    PW_TRY(count(in, err));
    return vulnerabilities_import_epss(in->vulnerabilities, score, err);
}

static pw_code take_kev(void *ctx, const struct kev_entry *entry, struct err *err) {
    struct importing *in = ctx;

    PW_TRY(count(in, err));
    return vulnerabilities_import_kev(in->vulnerabilities, entry, err);
}

static pw_code take_scope(void *ctx, const struct feed_scope *scope, struct err *err) {
    struct importing   *in = ctx;
    struct import_scope out = {IMPORT_SCOPE_ALL, STR_NONE, STR_NONE, STR_NONE};

    if (in->advisories == NULL)
        return PW_OK;
    if (!str_empty(scope->family))
        out = (struct import_scope){IMPORT_SCOPE_ECOSYSTEM, scope->family, STR_NONE, STR_NONE};
    else if (!scope->all)
        out = (struct import_scope){IMPORT_SCOPE_PREFIX, scope->stream, scope->part, scope->prefix};
    return advisories_import_scope(in->advisories, &out, err);
}

/* Of several documents the latest version is told. */
static void take_version(void *ctx, str version) {
    struct importing *in = ctx;
    char              text[sizeof in->report->version];

    if (str_copy(version, text, sizeof text) && strcmp(text, in->report->version) > 0)
        memcpy(in->report->version, text, sizeof text);
}

/* Copies what is printable, cut to fit. */
static void show(str from, char *out, size_t size) {
    size_t n = 0;

    for (size_t i = 0; i < from.len && n + 1 < size; i++)
        out[n++] = (unsigned char)from.ptr[i] >= ' ' && from.ptr[i] != 0x7f ? from.ptr[i] : '?';
    out[n] = '\0';
}

static pw_code take_bad(void *ctx, str record, const char *what, struct err *err) {
    struct importing          *in = ctx;
    struct feed_import_report *report = in->report;

    report->bad++;
    if (report->shown_count < LIMIT_FEED_BAD_SHOWN) {
        struct feed_import_bad *bad = &report->shown[report->shown_count++];

        show(str_empty(record) ? STR("(nameless)") : record, bad->record, sizeof bad->record);
        show(str_of(what), bad->what, sizeof bad->what);
    }
    if (report->bad < LIMIT_FEED_BAD || report->bad * 20 < report->read)
        return PW_OK;
    return err_set(err, PW_INVALID, "%zu of %zu records are damaged; the last one: %s: %s",
                   report->bad, report->bad + report->read,
                   report->shown[report->shown_count - 1].record,
                   report->shown[report->shown_count - 1].what);
}

static pw_code take_document(void *ctx, str name, struct err *err) {
    struct importing *in = ctx;

    in->report->documents++;
    return PW_OK;
}

/* --- one import --- */

static pw_code begin(struct importing *in, struct err *err) {
    const struct feed *feed = in->options->feed;

    if (feed->kind == FEED_KIND_ADVISORIES)
        return advisories_import_begin(in->options->store, str_of(feed->name), feed->is_sample,
                                       &in->advisories, err);
    return vulnerabilities_import_begin(in->options->store, str_of(feed->name),
                                        &in->vulnerabilities, err);
}

static pw_code check_read(const struct importing *in, const char *path, struct err *err) {
    const struct feed_import_report *report = in->report;

    if (report->documents == 0)
        return err_set(err, PW_INVALID, "%s holds no document of feed %s", path,
                       in->options->feed->name);
    if (report->read == 0 && report->bad > 0)
        return err_set(err, PW_INVALID, "%s: no record could be read; the first one: %s: %s", path,
                       report->shown[0].record, report->shown[0].what);
    return PW_OK;
}

static pw_code finish(struct importing *in, const char *source, struct err *err) {
    struct import_label label = {str_of(source), str_of(in->report->version), in->options->force};

    if (in->advisories != NULL)
        return advisories_import_finish(in->advisories, &label, &in->report->outcome, err);
    return vulnerabilities_import_finish(in->vulnerabilities, &label, &in->report->outcome, err);
}

static pw_code import(struct importing *in, const char *path, const char *source, struct err *err) {
    const struct feed_sink  sink = {.ctx = in,
                                    .advisory = take_advisory,
                                    .vulnerability = take_vulnerability,
                                    .epss = take_epss,
                                    .kev = take_kev,
                                    .scope = take_scope,
                                    .version = take_version,
                                    .bad = take_bad};
    const struct feed_files files = {in->options->feed, &sink, take_document};

    PW_TRY(begin(in, err));
    PW_TRY(feed_files_read(&files, path, err));
    PW_TRY(check_read(in, path, err));
    return finish(in, source, err);
}

pw_code feed_import_folder(const struct feed_import_options *options, const char *path,
                           const char *source, struct feed_import_report *ret_report,
                           struct err *err) {
    struct importing in = {.options = options, .report = ret_report};
    pw_code          code;

    *ret_report = (struct feed_import_report){0};
    code = import(&in, path, source, err);
    advisories_import_close(in.advisories);
    vulnerabilities_import_close(in.vulnerabilities);
    if (code == PW_OK)
        return PW_OK;
    (void)err_wrap(err, "feed %s was not imported", options->feed->name);
    if (code != PW_BUSY && code != PW_CANCELLED) /* best effort: the caller gets the same text */
        (void)feeds_failed(options->store, str_of(options->feed->name), err_text(err), NULL);
    return code;
}

pw_code feed_import_path(const struct feed_import_options *options, const char *path,
                         struct feed_import_report *ret_report, struct err *err) {
    struct err own = ERR_NONE; /* its text is kept with the feed */

    PW_TRY(feed_import_folder(options, path, path, ret_report, err != NULL ? err : &own));
    /* what the publisher said of other documents says nothing about these */
    return feeds_validators_put(options->store, str_of(options->feed->name), STR_NONE, err);
}
