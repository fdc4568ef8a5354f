/* migrate.c - numbered steps, each in its own transaction. */
#include "store/migrate.h"

#include <stdio.h>

static pw_code current_version(const struct migrate_db *db, int64_t *ret_version, struct err *err) {
    int64_t exists;

    PW_TRY(db->number(db->ctx, db->exists, &exists, err));
    if (exists == 0) {
        *ret_version = 0;
        return PW_OK;
    }
    return db->number(db->ctx, "SELECT coalesce(max(version), 0) FROM schema_version", ret_version,
                      err);
}

static pw_code exec_translated(const struct migrate_db *db, const char *text, struct err *err) {
    struct dialect_text sql = {0};
    pw_code             code = dialect_translate(db->dialect, text, &sql, err);

    if (code == PW_OK)
        code = db->exec(db->ctx, sql.text, err);
    dialect_text_done(&sql);
    return code;
}

static pw_code inside(const struct migrate_db *db, const struct sql_migration *step, int64_t now,
                      int *steps, struct err *err) {
    char    note[256];
    int64_t version;

    PW_TRY(exec_translated(db,
                           "CREATE TABLE IF NOT EXISTS schema_version (version {INT} PRIMARY KEY, "
                           "name {TEXT} NOT NULL, applied_at {INT} NOT NULL) {TABLE}",
                           err));
    PW_TRY(current_version(db, &version, err));
    if (version >= step->number)
        return PW_OK; /* another process was faster */
    PW_TRY(exec_translated(db, step->text, err));
    snprintf(note, sizeof note, "INSERT INTO schema_version VALUES (%d, '%s', %lld)", step->number,
             step->name, (long long)now);
    PW_TRY(db->exec(db->ctx, note, err));
    (*steps)++;
    return PW_OK;
}

static pw_code take_step(const struct migrate_db *db, const struct sql_migration *step, int64_t now,
                         int *steps, struct err *err) {
    int     before = *steps;
    pw_code code = db->exec(db->ctx, db->begin, err);

    if (code == PW_OK)
        code = inside(db, step, now, steps, err);
    if (code == PW_OK)
        code = db->exec(db->ctx, "COMMIT", err);
    if (code == PW_OK)
        return PW_OK;
    *steps = before;
    (void)db->exec(db->ctx, "ROLLBACK", NULL); /* the first error is the one to report */
    (void)err_wrap(err, "migration %s", step->name);
    return code;
}

pw_code migrate_run(const struct migrate_db *db, const struct backend_schema *schema, int64_t now,
                    int *ret_steps, struct err *err) {
    int     known = schema->count > 0 ? schema->steps[schema->count - 1].number : 0;
    int     steps = 0;
    int64_t version;

    PW_TRY(current_version(db, &version, err));
    if (version > known)
        return err_set(err, PW_UNSUPPORTED,
                       "the database has schema %lld, written by a newer Portwarden; this build "
                       "knows schema %d: run the newer build, or restore a backup of this one",
                       (long long)version, known);
    if (version < known && db->read_only)
        return err_set(err, PW_UNSUPPORTED,
                       "the database has schema %lld and needs schema %d, but was opened for "
                       "reading only: run \"portwarden migrate\" first",
                       (long long)version, known);
    for (int i = 0; i < schema->count; i++)
        if (schema->steps[i].number > version)
            PW_TRY(take_step(db, &schema->steps[i], now, &steps, err));
    *ret_steps = steps;
    return PW_OK;
}
