#pragma once
/*
 * vulnerabilities.h - what sources without ranges know: NVD's ratings, EPSS scores, the KEV catalogue.
 *
 * Rows are replaced one by one, in small background transactions: each is right by itself, and no
 * verdict hangs on two of them. Changed NVD and KEV rows are marked for re-matching
 * (feeds_changes_each, ecosystem ""). EPSS scores change daily for most CVEs and decide nothing: they
 * are read when they are shown, and mark nothing.
 * Memory: text in the caller's arena. Threads: the transaction's; an import belongs to one thread.
 */
#include "base/arena.h"
#include "model/candidate.h"
#include "store/advisories.h"
#include "store/store.h"

/* False: nothing is known of the id. */
pw_code vulnerabilities_facts(struct txn *txn, struct arena *arena, str id,
                              struct vulnerability_facts *ret_facts, bool *ret_known,
                              struct err *err);

struct vulnerability_import;
pw_code vulnerabilities_import_begin(struct store *store, str feed,
                                     struct vulnerability_import **ret_import, struct err *err);
pw_code vulnerabilities_import_add(struct vulnerability_import *import,
                                   const struct vulnerability *vulnerability, struct err *err);
pw_code vulnerabilities_import_epss(struct vulnerability_import *import,
                                    const struct epss_score *score, struct err *err);
pw_code vulnerabilities_import_kev(struct vulnerability_import *import,
                                   const struct kev_entry *entry, struct err *err);
/* EPSS and KEV are written here, whole: what was not added is removed. */
pw_code vulnerabilities_import_finish(struct vulnerability_import *import,
                                      const struct import_label   *label,
                                      struct import_outcome *ret_outcome, struct err *err);
void    vulnerabilities_import_close(struct vulnerability_import *import);
void    vulnerabilities_import_closep(struct vulnerability_import **import);
