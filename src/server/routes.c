/* routes.c - the list of faces. */
#include "server/routes.h"

#include <stdlib.h>
#include "api/arm_routes.h"
#include "api/oci.h"
#include "api/status_routes.h"

pw_code routes_gather(struct routes *ret_routes, struct err *err) {
    const struct {
        const struct http_route *rows;
        size_t                   count;
    } faces[] = {{oci_routes, oci_route_count},
                 {arm_routes, arm_route_count},
                 {own_routes, own_route_count}};
    struct routes all = {0};
    size_t        total = 0;

    EACH (face, faces)
        total += face->count;
    all.rows = calloc(total, sizeof *all.rows);
    if (all.rows == NULL)
        return err_set(err, PW_MEMORY, "no memory for routes");
    EACH (face, faces) {
        memcpy(all.rows + all.count, face->rows, face->count * sizeof *all.rows);
        all.count += face->count;
    }
    *ret_routes = all;
    return PW_OK;
}

void routes_done(struct routes *routes) {
    free(routes->rows);
    *routes = (struct routes){0};
}
