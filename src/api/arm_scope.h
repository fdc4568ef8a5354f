#pragma once
/*
 * arm_scope.h - scopes of Azure Resource Manager: whose resources a request asks for.
 *
 * Spec:    azure-api 1.1: keywords compare in any letter case; an encoded slash in the scope and a
 *          doubled first slash are the same scope.
 * Errors:  PW_NOT_FOUND and PW_INVALID with the ARM code as tag: SubscriptionNotFound,
 *          ResourceGroupNotFound, ResourceNotFound, InvalidResourceId, MissingApiVersionParameter,
 *          InvalidApiVersionParameter.
 */
#include "http/server.h"
#include "store/scans.h"
#include "store/subscriptions.h"

struct arm_scope {
    str     subscription, resource_group, registry; /* empty: all below */
    int64_t registry_id;                            /* 0: all */
};

pw_code arm_scope_read(struct txn *txn, struct arena *arena, str text, struct arm_scope *ret_scope,
                       struct err *err);
/* The api-version must be there and one of the versions (separated by commas). */
pw_code arm_scope_check_version(struct http_request *request, const char *versions,
                                struct err *err);
