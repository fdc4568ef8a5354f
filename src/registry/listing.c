/* listing.c - pages of tags and repositories. */
#include "registry/listing.h"

#include "base/limits.h"
#include "registry/reference.h"
#include "registry/service_state.h"
#include "store/repositories.h"
#include "store/tags.h"

struct list {
    int64_t       registry_id;
    str           repository; /* tags of it */
    str           after;
    size_t        limit;
    struct arena *arena;
    struct names  names;
};

static pw_code read_tags(struct txn *txn, void *arg, struct err *err) {
    struct list     *list = arg;
    struct tags_page page = {.after = list->after, .limit = list->limit};

    PW_TRY(repositories_find(txn, list->registry_id, list->repository, &page.repository_id, err));
    return tags_page(txn, &page, list->arena, &list->names, err);
}

static pw_code read_repositories(struct txn *txn, void *arg, struct err *err) {
    struct list             *list = arg;
    struct repositories_page page = {
        .registry_id = list->registry_id, .after = list->after, .limit = list->limit};

    return repositories_page(txn, &page, list->arena, &list->names, err);
}

/* One name more than asked for tells whether there are more. */
static pw_code read_page(struct registry_service *service, struct list *list, store_fn read,
                         const struct listing_page *page, struct err *err) {
    list->registry_id = service->registry_id;
    list->after = page->last;
    list->limit = MIN_OF(page->n, (size_t)LIMIT_LIST_PAGE) + 1;
    return store_read(service->store, read, list, err);
}

static void give_page(const struct list *list, struct listing *ret_listing) {
    *ret_listing =
        (struct listing){.names = list->names, .has_more = list->names.count == list->limit};
    ret_listing->names.count -= ret_listing->has_more;
}

pw_code listing_tags(struct registry_service *service, str repository,
                     const struct listing_page *page, struct arena *arena,
                     struct listing *ret_listing, struct err *err) {
    struct list list = {.repository = repository, .arena = arena};

    PW_TRY(reference_check_name(repository, err));
    PW_TRY(read_page(service, &list, read_tags, page, err));
    give_page(&list, ret_listing);
    return PW_OK;
}

pw_code listing_repositories(struct registry_service *service, const struct listing_page *page,
                             struct arena *arena, struct listing *ret_listing, struct err *err) {
    struct list list = {.arena = arena};

    PW_TRY(read_page(service, &list, read_repositories, page, err));
    give_page(&list, ret_listing);
    return PW_OK;
}
