/* arm_scope.c - "subscriptions/ID/resourceGroups/NAME/providers/Microsoft.ContainerRegistry/registries/NAME". */
#include "api/arm_scope.h"

/* Its second argument sets the text, the tag names the ARM code. */
static pw_code refuse(struct err *err, pw_code code, const char *tag) {
    (void)code;
    return err_tag(err, tag);
}

/* The next two segments, "keyword/value". */
static bool take(str *rest, const char *keyword, str *ret_value) {
    str saved = *rest, word;

    if (str_cut(rest, '/', &word) && str_eq_nocase(word, str_of(keyword)) &&
        str_cut(rest, '/', ret_value) && ret_value->len > 0)
        return true;
    *rest = saved;
    return false;
}

static pw_code find_registry(struct txn *txn, struct arena *arena, struct arm_scope *scope,
                             struct err *err) {
    struct registry_row row;
    pw_code             code =
        subscriptions_registry(txn, arena, scope->subscription, scope->registry, &row, err);

    if (code == PW_OK && str_eq_nocase(row.resource_group, scope->resource_group)) {
        scope->registry_id = row.id;
        return PW_OK;
    }
    if (code != PW_OK && code != PW_NOT_FOUND)
        return code;
    return refuse(err,
                  err_set(err, PW_NOT_FOUND,
                          "The Resource 'Microsoft.ContainerRegistry/registries/" STR_FMT
                          "' under resource group '" STR_FMT "' was not found.",
                          STR_ARG(scope->registry), STR_ARG(scope->resource_group)),
                  "ResourceNotFound");
}

static pw_code find_group(struct txn *txn, struct arena *arena, const struct arm_scope *scope,
                          struct err *err) {
    bool found;

    PW_TRY(subscriptions_has_group(txn, scope->subscription, scope->resource_group, &found, err));
    (void)arena;
    if (found)
        return PW_OK;
    return refuse(err,
                  err_set(err, PW_NOT_FOUND, "Resource group '" STR_FMT "' could not be found.",
                          STR_ARG(scope->resource_group)),
                  "ResourceGroupNotFound");
}

pw_code arm_scope_read(struct txn *txn, struct arena *arena, str text, struct arm_scope *ret_scope,
                       struct err *err) {
    struct arm_scope        scope = {0};
    struct subscription_row subscription;
    str                     provider;
    pw_code                 code;

    if (!take(&text, "subscriptions", &scope.subscription) ||
        (text.len > 0 && !take(&text, "resourceGroups", &scope.resource_group)) ||
        (text.len > 0 && (!take(&text, "providers", &provider) ||
                          !str_eq_nocase(provider, STR("Microsoft.ContainerRegistry")) ||
                          !take(&text, "registries", &scope.registry) || text.len > 0)))
        return refuse(err,
                      err_set(err, PW_INVALID,
                              "The scope is not a subscription, a resource group or a registry "
                              "(/subscriptions/ID/resourceGroups/NAME/providers/"
                              "Microsoft.ContainerRegistry/registries/NAME)."),
                      "InvalidResourceId");
    code = subscriptions_find(txn, arena, scope.subscription, &subscription, err);
    if (code == PW_NOT_FOUND)
        return refuse(err, code, "SubscriptionNotFound");
    PW_TRY(code);
    scope.subscription = subscription.id;
    if (scope.registry.len > 0)
        PW_TRY(find_registry(txn, arena, &scope, err));
    else if (scope.resource_group.len > 0)
        PW_TRY(find_group(txn, arena, &scope, err));
    *ret_scope = scope;
    return PW_OK;
}

pw_code arm_scope_check_version(struct http_request *request, const char *versions,
                                struct err *err) {
    str rest = str_of(versions), known, given;

    if (!http_query(request, "api-version", &given) || given.len == 0)
        return refuse(
            err,
            err_set(
                err, PW_INVALID,
                "The api-version query parameter (?api-version=) is required for all requests."),
            "MissingApiVersionParameter");
    while (str_cut(&rest, ',', &known))
        if (str_eq_nocase(known, given))
            return PW_OK;
    return refuse(err,
                  err_set(err, PW_INVALID,
                          "The api-version '" STR_FMT
                          "' is invalid. The supported versions are '%s'.",
                          STR_ARG(str_sub(given, 0, 64)), versions),
                  "InvalidApiVersionParameter");
}
