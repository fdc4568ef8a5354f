/* arm_routes.c - the routes of the ARM face; "~": keywords in any letter case. */
#include "api/arm_routes.h"

#include "api/api.h"

const struct http_route arm_routes[] = {
    {"GET", "~/{scope*}/providers/microsoft.security/subassessments", HTTP_WORKER, FACE_ARM,
     arm_subassessments_list},
    {"GET", "~/{scope*}/providers/microsoft.security/assessments/{assessment}/subassessments",
     HTTP_WORKER, FACE_ARM, arm_subassessments_list},
    {"GET",
     "~/{scope*}/providers/microsoft.security/assessments/{assessment}/subassessments/{name}",
     HTTP_WORKER, FACE_ARM, arm_subassessments_get},
    /* clients that put the scope's own slash behind the host's */
    {"GET", "~//{scope*}/providers/microsoft.security/subassessments", HTTP_WORKER, FACE_ARM,
     arm_subassessments_list},
    {"GET", "~//{scope*}/providers/microsoft.security/assessments/{assessment}/subassessments",
     HTTP_WORKER, FACE_ARM, arm_subassessments_list},
    {"GET",
     "~//{scope*}/providers/microsoft.security/assessments/{assessment}/subassessments/{name}",
     HTTP_WORKER, FACE_ARM, arm_subassessments_get},
};
const size_t arm_route_count = COUNT_OF(arm_routes);
