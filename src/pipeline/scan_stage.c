/* scan_stage.c - a manifest digest becomes an image with findings. */
#include "pipeline/scan_stage.h"

#include "base/limits.h"
#include "pipeline/inventory_rows.h"
#include "pipeline/reading.h"
#include "store/inventories.h"

struct scan {
    const struct stage_run *run;
    struct arena           *arena;
    struct scan_subject     subject;
    struct scan_result      result;
    const char             *digest; /* of the inventory, NULL: none */
    struct scan_reference **layers;
};

static pw_code load_subject(struct txn *txn, void *arg, struct err *err) {
    struct scan *scan = arg;

    return scans_subject(txn, scan->arena, scan->run->job->subject, &scan->subject, err);
}

static bool is_image_config(str media_type) {
    return str_eq(media_type, STR("application/vnd.oci.image.config.v1+json")) ||
           str_eq(media_type, STR("application/vnd.docker.container.image.v1+json"));
}

/* Layers of file systems; what attestations and signatures carry instead is named by its own type. */
static bool is_tar_layer(str media_type) {
    return str_starts(media_type, STR("application/vnd.oci.image.layer.")) ||
           str_starts(media_type, STR("application/vnd.docker.image.rootfs."));
}

const char *scan_stage_not_applicable(const struct scan_subject *subject) {
    size_t layers = 0, tars = 0;
    bool   image_config = false;

    if (str_eq(subject->kind, STR("index")))
        return "an index: its images have results of their own";
    for (size_t i = 0; i < subject->reference_count; i++) {
        const struct scan_reference *r = &subject->references[i];

        if (str_eq(r->kind, STR("config")))
            image_config = is_image_config(r->media_type);
        if (str_eq(r->kind, STR("layer"))) {
            layers++;
            tars += is_tar_layer(r->media_type);
        }
    }
    if (!image_config)
        return "an artifact, not an image";
    if (layers > 0 && tars == 0)
        return "an attestation or signature, not an image";
    return NULL;
}

static pw_code open_layer(void *ctx, size_t layer, int *ret_fd, uint64_t *ret_size,
                          struct err *err) {
    const struct scan           *scan = ctx;
    const struct scan_reference *r = scan->layers[layer];
    char                         key[BLOB_KEY_SIZE];

    if (!str_copy(r->key, key, sizeof key))
        return err_set(err, PW_INTERNAL, "the key of layer " STR_FMT " is too long",
                       STR_ARG(r->digest));
    PW_TRY(blob_open(scan->run->tools->blobs, key, r->size, ret_fd, err));
    *ret_size = r->size;
    return PW_OK;
}

static pw_code read_image(struct scan *scan, struct inventory *ret_inventory, struct err *err) {
    size_t                n = scan->subject.reference_count;
    struct reading_layer *layers = arena_array(scan->arena, n + 1, sizeof *layers);
    struct reading_tools  tools = {.store = scan->run->tools->store,
                                   .keep = true,
                                   .sandbox = scan->run->tools->sandbox,
                                   .live = scan->run->tools->live,
                                   .deadline_ns = scan->run->deadline_ns};
    struct reading_source source = {.ctx = scan, .layers = layers, .open = open_layer};

    scan->layers = arena_array(scan->arena, n + 1, sizeof(struct scan_reference *));
    if (layers == NULL || scan->layers == NULL)
        return arena_error(scan->arena, err);
    for (size_t i = 0; i < n; i++) {
        struct scan_reference *r = &scan->subject.references[i];

        if (!str_eq(r->kind, STR("layer")))
            continue;
        scan->layers[source.count] = r;
        layers[source.count++] = (struct reading_layer){.digest = r->digest, .absent = !r->stored};
    }
    return reading_inventory(&tools, &source, scan->arena, ret_inventory, NULL, err);
}

static pw_code publish(struct txn *txn, void *arg, struct err *err) {
    const struct scan *scan = arg;
    struct scan_result result = scan->result;

    if (scan->digest != NULL)
        PW_TRY(inventories_publish(txn, result.inventory_id, str_of(scan->digest),
                                   &result.inventory_id, err));
    return scans_finish(txn, &result, err);
}

static pw_code scan_image(struct scan *scan, struct inventory_rows *rows, struct err *err) {
    struct inventory inventory;

    PW_TRY(read_image(scan, &inventory, err));
    PW_TRY(inventory_rows_save(scan->run->tools->store, &inventory, rows, err));
    scan->result.inventory_id = rows->id;
    scan->result.progress = PROGRESS_SCANNED;
    scan->digest = rows->known ? NULL : rows->digest;
    return PW_OK;
}

static void begin_result(struct scan *scan) {
    const struct job *job = scan->run->job;

    scan->result =
        (struct scan_result){.manifest_id = scan->subject.manifest_id,
                             .digest = job->subject,
                             .trigger = job->trigger,
                             .asked_at = job->created_at,
                             .started_at = clock_now(store_clock(scan->run->tools->store))};
}

pw_code scan_stage_run(const struct stage_run *run, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(LIMIT_SCAN_MEMORY);
    struct scan                   scan = {.run = run, .arena = &arena};
    struct inventory_rows         rows;
    const char                   *why;
    pw_code                       code = store_read(run->tools->store, load_subject, &scan, err);

    if (code == PW_NOT_FOUND)
        return PW_OK; /* removed since: nothing is left to say */
    PW_TRY(code);
    begin_result(&scan);
    why = scan_stage_not_applicable(&scan.subject);
    if (why != NULL) {
        scan.result.progress = PROGRESS_NOT_APPLICABLE;
        scan.result.reason = str_of(why);
    } else {
        PW_TRY(scan_image(&scan, &rows, err));
    }
    return store_write(run->tools->store, STORE_BACKGROUND, publish, &scan, err);
}

pw_code scan_stage_failed(const struct stage_run *run, str reason, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(16));
    struct scan                   scan = {.run = run, .arena = &arena};

    if (store_read(run->tools->store, load_subject, &scan, err) != PW_OK)
        return PW_OK; /* the manifest is gone, and with it the question */
    begin_result(&scan);
    scan.result.progress = PROGRESS_FAILED;
    scan.result.reason = reason;
    return store_write(run->tools->store, STORE_BACKGROUND, publish, &scan, err);
}
