#pragma once
/*
 * listing.h - pages of tags, repositories and referrers.
 *
 * Spec:    OCI distribution 1.1 "Listing Tags", "Listing Referrers"; Docker's "_catalog". Names are
 *          in byte order; a page begins behind `last`, which need not exist.
 * Gives:   at most `n` names (LIMIT_LIST_PAGE when n is more) and whether there are more.
 * Errors:  NAME_INVALID, NAME_UNKNOWN. Referrers of what is not there are an empty list.
 * Memory:  the arena's.   Threads: any; blocks.
 */
#include "base/arena.h"
#include "base/digest.h"
#include "registry/registry_service.h"
#include "store/names.h"

struct listing_page {
    str    last;
    size_t n;
};

struct listing {
    struct names names;
    bool         has_more;
};

pw_code listing_tags(struct registry_service *service, str repository,
                     const struct listing_page *page, struct arena *arena,
                     struct listing *ret_listing, struct err *err);
pw_code listing_repositories(struct registry_service *service, const struct listing_page *page,
                             struct arena *arena, struct listing *ret_listing, struct err *err);

struct listing_referrers {
    str           repository;
    struct digest subject;
    str           artifact_type; /* empty: all */
    int64_t       after;         /* 0: the first page */
};
/* An image index as JSON. `ret_next`: `after` of the next page, 0 when this is the last. The first
 * page also holds what an index under the fallback tag "sha256-<hex>" lists. */
pw_code listing_referrers_index(struct registry_service        *service,
                                const struct listing_referrers *wanted, struct arena *arena,
                                str *ret_json, int64_t *ret_next, struct err *err);
