/* scans.c - image, scan, and the manifest rows that scans read. */
#include "store/scans.h"

#include "base/limits.h"
#include "store/rows.h"

static pw_code read_references(struct txn *txn, struct arena *arena, struct scan_subject *subject,
                               struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct scan_reference);
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_SCAN_SUBJECT_REFS, &s, err));
    stmt_int(&s, "manifest", subject->manifest_id);
    for (;;) {
        struct scan_reference *row;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        row = rows_next(&rows, arena, err);
        if (row == NULL || !rows_text(&s, 0, arena, &row->kind, err) ||
            !rows_text(&s, 1, arena, &row->digest, err) ||
            !rows_text(&s, 3, arena, &row->media_type, err) ||
            !rows_text(&s, 5, arena, &row->key, err))
            return err->code;
        row->foreign = col_int(&s, 4) != 0;
        row->stored = !col_is_null(&s, 5);
        row->size = (uint64_t)col_int(&s, row->stored ? 6 : 2);
    }
    subject->references = rows.items;
    subject->reference_count = rows.count;
    return PW_OK;
}

pw_code scans_subject(struct txn *txn, struct arena *arena, str digest,
                      struct scan_subject *ret_subject, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct scan_subject         subject = {.digest = digest};
    bool                        found;

    PW_TRY(stmt_begin(txn, SQL_SCAN_SUBJECT, &s, err));
    stmt_str(&s, "digest", digest);
    PW_TRY(stmt_step(&s, &found, err));
    if (!found)
        return err_set(err, PW_NOT_FOUND, "manifest " STR_FMT " is not stored", STR_ARG(digest));
    subject.manifest_id = col_int(&s, 0);
    if (!rows_text(&s, 1, arena, &subject.kind, err) ||
        !rows_text(&s, 2, arena, &subject.artifact_type, err))
        return err->code;
    PW_TRY(read_references(txn, arena, &subject, err));
    *ret_subject = subject;
    return PW_OK;
}

static pw_code put_image(struct txn *txn, const struct scan_result *result, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_IMAGE_PUT, &s, err));
    stmt_int(&s, "manifest", result->manifest_id);
    if (result->inventory_id != 0)
        stmt_int(&s, "inventory", result->inventory_id);
    else
        stmt_null(&s, "inventory");
    stmt_str(&s, "state", str_of(image_progress_word(result->progress)));
    stmt_str(&s, "reason", result->reason);
    stmt_int(&s, "now", txn_now(txn));
    return stmt_run(&s, err);
}

/* "alpine-secdb 2024-12-31 (generation 4), ..." */
static pw_code feeds_text(struct txn *txn, struct buf *out, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    bool                        more;
    str                         text;

    PW_TRY(stmt_begin(txn, SQL_REPORT_FEED_ROWS, &s, err));
    for (;;) {
        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            return buf_finish(out, &text, err);
        buf_addf(out, "%s" STR_FMT " " STR_FMT " (generation %lld)", out->len > 0 ? ", " : "",
                 STR_ARG(col_str(&s, 0)), STR_ARG(col_str(&s, 1)), (long long)col_int(&s, 4));
    }
}

pw_code scans_finish(struct txn *txn, const struct scan_result *result, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    AUTO(buf_done) struct buf   feeds = BUF_INIT(KIB(64));

    PW_TRY(put_image(txn, result, err));
    PW_TRY(feeds_text(txn, &feeds, err));
    PW_TRY(stmt_begin(txn, SQL_SCAN_ADD, &s, err));
    stmt_str(&s, "digest", result->digest);
    stmt_str(&s, "trigger", result->trigger);
    stmt_int(&s, "asked_at", result->asked_at);
    stmt_int(&s, "started_at", result->started_at);
    stmt_int(&s, "finished_at", txn_now(txn));
    stmt_str(&s, "outcome", str_of(image_progress_word(result->progress)));
    stmt_str(&s, "reason", result->reason);
    stmt_str(&s, "feeds", buf_str(&feeds));
    return stmt_run(&s, err);
}

static pw_code read_image(struct stmt *s, struct arena *arena, struct image_row *row,
                          struct err *err) {
    const struct {
        int  column;
        str *text;
    } texts[] = {{3, &row->repository},    {4, &row->digest},          {5, &row->kind},
                 {6, &row->artifact_type}, {7, &row->media_type},      {10, &row->reason},
                 {13, &row->subscription}, {14, &row->resource_group}, {15, &row->registry},
                 {16, &row->login_server}};

    row->repository_id = col_int(s, 0);
    row->manifest_id = col_int(s, 1);
    row->registry_id = col_int(s, 2);
    row->pushed_at = col_int(s, 8);
    row->inventory_id = col_is_null(s, 11) ? 0 : col_int(s, 11);
    row->scanned_at = col_is_null(s, 12) ? 0 : col_int(s, 12);
    if (!image_progress_parse(col_str(s, 9), &row->progress))
        row->progress = PROGRESS_WAITING; /* no row yet: pushed, not scanned */
    EACH (t, texts)
        if (!rows_text(s, t->column, arena, t->text, err))
            return err->code;
    return PW_OK;
}

static pw_code read_images(struct stmt *s, struct arena *arena, struct image_list *ret_list,
                           struct err *err) {
    struct rows rows = ROWS_OF(struct image_row);
    bool        more;

    for (;;) {
        struct image_row *row;

        PW_TRY(stmt_step(s, &more, err));
        if (!more)
            break;
        row = rows_next(&rows, arena, err);
        if (row == NULL)
            return err->code;
        PW_TRY(read_image(s, arena, row, err));
    }
    *ret_list = (struct image_list){rows.items, rows.count};
    return PW_OK;
}

pw_code scans_images(struct txn *txn, struct arena *arena, const struct image_scope *scope,
                     struct image_list *ret_list, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_IMAGE_PAGE, &s, err));
    stmt_int(&s, "repository", scope->after_repository);
    stmt_int(&s, "manifest", scope->after_manifest);
    stmt_str(&s, "subscription", scope->subscription);
    stmt_str(&s, "resource_group", scope->resource_group);
    stmt_int(&s, "registry", scope->registry_id);
    stmt_int(&s, "most", (int64_t)scope->most);
    return read_images(&s, arena, ret_list, err);
}

pw_code scans_newest(struct txn *txn, struct arena *arena, size_t most, struct image_list *ret_list,
                     struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_IMAGE_NEWEST, &s, err));
    stmt_int(&s, "most", (int64_t)most);
    return read_images(&s, arena, ret_list, err);
}

pw_code scans_image(struct txn *txn, struct arena *arena, str repository, str digest,
                    struct image_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct image_list           list = {0};

    PW_TRY(stmt_begin(txn, SQL_IMAGE_BY_DIGEST, &s, err));
    stmt_str(&s, "name", repository);
    stmt_str(&s, "digest", digest);
    PW_TRY(read_images(&s, arena, &list, err));
    if (list.count == 0)
        return err_set(err, PW_NOT_FOUND, "there is no image " STR_FMT "%s" STR_FMT,
                       STR_ARG(repository), repository.len > 0 ? "@" : "", STR_ARG(digest));
    *ret_row = list.rows[0];
    return PW_OK;
}

pw_code scans_image_tagged(struct txn *txn, struct arena *arena, str repository, str tag,
                           struct image_row *ret_row, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct image_list           list = {0};

    PW_TRY(stmt_begin(txn, SQL_IMAGE_BY_TAG, &s, err));
    stmt_str(&s, "name", repository);
    stmt_str(&s, "tag", tag);
    PW_TRY(read_images(&s, arena, &list, err));
    if (list.count == 0)
        return err_set(err, PW_NOT_FOUND, "there is no image " STR_FMT ":" STR_FMT,
                       STR_ARG(repository), STR_ARG(tag));
    *ret_row = list.rows[0];
    return PW_OK;
}

pw_code scans_tags(struct txn *txn, struct arena *arena, const struct image_row *image,
                   struct text_list *ret_tags, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(str);
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_IMAGE_TAGS, &s, err));
    stmt_int(&s, "repository", image->repository_id);
    stmt_int(&s, "manifest", image->manifest_id);
    for (;;) {
        str *tag;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        tag = rows_next(&rows, arena, err);
        if (tag == NULL || !rows_text(&s, 0, arena, tag, err))
            return err->code;
    }
    *ret_tags = (struct text_list){rows.items, rows.count};
    return PW_OK;
}

pw_code scans_feeds(struct txn *txn, struct arena *arena, struct feed_list *ret_list,
                    struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    struct rows                 rows = ROWS_OF(struct report_feed);
    bool                        more;

    PW_TRY(stmt_begin(txn, SQL_REPORT_FEED_ROWS, &s, err));
    for (;;) {
        struct report_feed *feed;

        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            break;
        feed = rows_next(&rows, arena, err);
        if (feed == NULL || !rows_text(&s, 0, arena, &feed->name, err) ||
            !rows_text(&s, 1, arena, &feed->version, err))
            return err->code;
        feed->updated_at = col_int(&s, 2);
        feed->sample = col_int(&s, 3) != 0;
    }
    *ret_list = (struct feed_list){rows.items, rows.count};
    return PW_OK;
}

pw_code scans_totals(struct txn *txn, size_t ret_totals[4], struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};
    enum image_progress         progress;
    bool                        more;

    memset(ret_totals, 0, 4 * sizeof *ret_totals);
    PW_TRY(stmt_begin(txn, SQL_IMAGE_TOTALS, &s, err));
    for (;;) {
        PW_TRY(stmt_step(&s, &more, err));
        if (!more)
            return PW_OK;
        if (image_progress_parse(col_str(&s, 0), &progress))
            ret_totals[progress] += (size_t)col_int(&s, 1);
    }
}

pw_code scans_recover(struct txn *txn, struct err *err) {
    AUTO(stmt_done) struct stmt s = {0};

    PW_TRY(stmt_begin(txn, SQL_JOB_RELEASE_ALL, &s, err));
    return stmt_run(&s, err);
}
