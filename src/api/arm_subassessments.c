/* arm_subassessments.c - sub-assessments: list by scope, list by assessment, get one. */
#include <stdio.h>
#include "api/app.h"
#include "api/arm_finding.h"
#include "api/arm_routes.h"
#include "api/arm_scope.h"
#include "base/limits.h"

#define VERSIONS "2019-01-01-preview"

enum { PAGE_DEFAULT = 1000, PAGE_MOST = 5000, IMAGES_AT_ONCE = 32 };

/* A page ends between two rows: the image it stopped in, and how many of its rows were given. */
struct cursor {
    uint64_t repository, manifest, row;
};

struct listing {
    const struct app    *app;
    struct http_request *request;
    struct arm_scope     scope;
    struct cursor        at, next; /* next.repository 0: no more */
    size_t               top, given;
    str                  name; /* of the one that is asked for, else empty */
    struct json_writer   w;
};

static bool cursor_parse(str text, struct cursor *ret_cursor) {
    str           part;
    struct cursor c;

    if (!str_cut(&text, '.', &part) || !str_to_u64(part, INT64_MAX, &c.repository) ||
        !str_cut(&text, '.', &part) || !str_to_u64(part, INT64_MAX, &c.manifest) ||
        c.manifest == 0 || !str_to_u64(text, UINT32_MAX, &c.row))
        return false;
    *ret_cursor = c;
    return true;
}

static pw_code read_paging(struct listing *l, struct err *err) {
    str      text;
    uint64_t top;

    l->top = PAGE_DEFAULT;
    if (http_query(l->request, "$top", &text)) {
        if (!str_to_u64(text, UINT32_MAX, &top) || top == 0) {
            (void)err_set(err, PW_INVALID, "$top must be a number above 0.");
            return err_tag(err, "InvalidQueryParameterValue");
        }
        l->top = (size_t)MIN_OF(top, (uint64_t)PAGE_MOST);
    }
    if (http_query(l->request, "$skipToken", &text) && !cursor_parse(text, &l->at)) {
        (void)err_set(err, PW_INVALID,
                      "$skipToken is not one that this service gave; follow nextLink as it is.");
        return err_tag(err, "InvalidSkipToken");
    }
    return PW_OK;
}

static pw_code list_rows(struct listing *l, const struct image_row *image,
                         const struct report *report, const struct arm_rows *rows) {
    size_t first = 0;

    if ((int64_t)l->at.repository == image->repository_id &&
        (int64_t)l->at.manifest == image->manifest_id)
        first = (size_t)l->at.row;
    for (size_t i = first; i < rows->count; i++) {
        if (l->name.len > 0 && !str_eq_nocase(str_of(rows->rows[i].name), l->name))
            continue;
        if (l->given == l->top) {
            l->next =
                (struct cursor){(uint64_t)image->repository_id, (uint64_t)image->manifest_id, i};
            return PW_OK;
        }
        arm_finding_write(&l->w, image, report, &rows->rows[i]);
        l->given++;
    }
    return PW_OK;
}

static pw_code list_image(struct listing *l, struct txn *txn, const struct image_row *image,
                          struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    struct report                 report;
    struct arm_rows               rows;

    if (image->inventory_id == 0 || (l->name.len > 0 && !arm_finding_name_is_of(image, l->name)))
        return PW_OK;
    PW_TRY(reports_load(txn, &arena, image, &l->app->rules, &report, err));
    PW_TRY(arm_finding_rows(&arena, image, &report, &rows, err));
    return list_rows(l, image, &report, &rows);
}

static pw_code list(struct txn *txn, void *arg, struct err *err) {
    struct listing    *l = arg;
    struct image_scope scope = {.most = IMAGES_AT_ONCE};
    struct image_list  images;

    PW_TRY(arm_scope_read(txn, http_arena(l->request), http_param(l->request, "scope"), &l->scope,
                          err));
    scope.subscription = l->scope.subscription;
    scope.resource_group = l->scope.resource_group;
    scope.registry_id = l->scope.registry_id;
    if (l->at.repository != 0) {
        scope.after_repository = (int64_t)l->at.repository;
        scope.after_manifest = (int64_t)l->at.manifest - 1;
    }
    do {
        AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));

        PW_TRY(scans_images(txn, &arena, &scope, &images, err));
        for (size_t i = 0; i < images.count && l->next.repository == 0; i++) {
            PW_TRY(list_image(l, txn, &images.rows[i], err));
            scope.after_repository = images.rows[i].repository_id;
            scope.after_manifest = images.rows[i].manifest_id;
        }
    } while (images.count == IMAGES_AT_ONCE && l->next.repository == 0 &&
             !(l->name.len > 0 && l->given > 0));
    return PW_OK;
}

static void put_next_link(struct listing *l) {
    AUTO(buf_done) struct buf link = BUF_INIT(LIMIT_TARGET_BYTES);
    str                       target = http_target(l->request), path = target;

    if (l->next.repository == 0)
        return;
    (void)str_cut(&target, '?', &path);
    buf_addf(&link,
             "http://" STR_FMT STR_FMT "?api-version=" VERSIONS
             "&$top=%zu&$skipToken=%llu.%llu.%llu",
             STR_ARG(http_header(l->request, "Host")), STR_ARG(path), l->top,
             (unsigned long long)l->next.repository, (unsigned long long)l->next.manifest,
             (unsigned long long)l->next.row);
    json_put_str(&l->w, "nextLink", buf_str(&link));
}

static pw_code check_assessment(struct http_request *request, struct err *err) {
    str key = http_param(request, "assessment");

    if (key.len == 0 || str_eq_nocase(key, STR(ARM_ASSESSMENT)))
        return PW_OK;
    (void)err_set(err, PW_NOT_FOUND, "The assessment '" STR_FMT "' was not found.",
                  STR_ARG(str_sub(key, 0, 64)));
    return err_tag(err, "ResourceNotFound");
}

static void headers(struct http_reply *reply) {
    http_reply_header(reply, "Cache-Control", "no-cache");
    http_reply_header(reply, "X-Content-Type-Options", "nosniff");
}

pw_code arm_subassessments_list(struct http_request *request, struct http_reply *reply,
                                struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(256));
    struct listing l = {.app = app_of(request), .request = request, .w = JSON_WRITER(&body)};
    str            text;

    PW_TRY(arm_scope_check_version(request, VERSIONS, err));
    PW_TRY(check_assessment(request, err));
    PW_TRY(read_paging(&l, err));
    json_open(&l.w);
    json_key(&l.w, "value");
    json_open_list(&l.w);
    PW_TRY(store_read(l.app->api.store, list, &l, err));
    json_close_list(&l.w);
    put_next_link(&l);
    json_close(&l.w);
    PW_TRY(buf_finish(&body, &text, err));
    headers(reply);
    http_reply_body(reply, "application/json; charset=utf-8", text);
    return PW_OK;
}

pw_code arm_subassessments_get(struct http_request *request, struct http_reply *reply,
                               struct err *err) {
    AUTO(buf_done) struct buf body = BUF_INIT(MIB(64));
    struct listing            l = {
                   .app = app_of(request), .request = request, .w = JSON_WRITER(&body), .top = 1};
    str text;

    l.name = http_param(request, "name");
    PW_TRY(arm_scope_check_version(request, VERSIONS, err));
    PW_TRY(check_assessment(request, err));
    PW_TRY(store_read(l.app->api.store, list, &l, err));
    if (l.given == 0) {
        (void)err_set(err, PW_NOT_FOUND, "The sub-assessment '" STR_FMT "' was not found.",
                      STR_ARG(str_sub(l.name, 0, 64)));
        return err_tag(err, "ResourceNotFound");
    }
    PW_TRY(buf_finish(&body, &text, err));
    headers(reply);
    http_reply_body(reply, "application/json; charset=utf-8", text);
    return PW_OK;
}
