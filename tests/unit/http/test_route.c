/* Which row serves a path: the last keyword counts, the most specific pattern wins. */
#include "http/route.h"
#include "test.h"

static pw_code nothing(struct http_request *request, struct http_reply *reply, struct err *err) {
    return PW_OK;
}

#define ROW(method, pattern)                                                                       \
    { method, pattern, HTTP_EVENT, 0, nothing }

static const struct http_route rows[] = {
    ROW("GET", "/{path*}"),
    ROW("GET", "/"),
    ROW("GET", "/v2/"),
    ROW("GET", "/v2/{name*}/manifests/{reference}"),
    ROW("PUT", "/v2/{name*}/manifests/{reference}"),
    ROW("GET", "/v2/{name*}/blobs/{digest}"),
    ROW("HEAD", "/v2/{name*}/blobs/{digest}"),
    ROW("POST", "/v2/{name*}/blobs/uploads/"),
    ROW("POST", "/v2/{name*}/blobs/uploads"),
    ROW("GET", "/v2/{name*}/blobs/uploads/{id}"),
    ROW("PATCH", "/v2/{name*}/blobs/uploads/{id}"),
    ROW("GET", "/v2/{name*}/tags/list"),
    ROW("GET", "/v2/{name*}/referrers/{digest}"),
    ROW("GET", "~/{scope*}/providers/Microsoft.Security/assessments/{assessment}"),
    ROW("PUT", "~/subscriptions/{id}/providers/Microsoft.Security/assessments/{assessment}"),
    ROW("POST", "/oauth2/token"),
    ROW("GET", "/same/{a}"),
    ROW("GET", "/same/{b}"),
};

TEST(which_row) {
    static const struct {
        const char *method, *path;
        const char *pattern; /* NULL: none */
        const char *params;  /* name=value, in order */
        const char *allow;
    } cases[] = {
        {"GET", "/", "/", "", ""},
        {"GET", "/v2/", "/v2/", "", ""},
        {"HEAD", "/v2/", "/v2/", "", ""},
        {"POST", "/v2/", NULL, "", "GET, HEAD"},
        {"GET", "/v2", "/{path*}", "path=v2;", ""}, /* a trailing slash matters */
        {"GET", "/v2/library/nginx/manifests/latest", "/v2/{name*}/manifests/{reference}",
         "name=library/nginx;reference=latest;", ""},
        {"PUT", "/v2/a/manifests/x", "/v2/{name*}/manifests/{reference}", "name=a;reference=x;",
         ""},
        {"DELETE", "/v2/a/manifests/x", NULL, "", "GET, HEAD, PUT"},
        /* repositories called like keywords */
        {"GET", "/v2/blobs/uploads/manifests/x", "/v2/{name*}/manifests/{reference}",
         "name=blobs/uploads;reference=x;", ""},
        {"GET", "/v2/manifests/x/blobs/sha256:1", "/v2/{name*}/blobs/{digest}",
         "name=manifests/x;digest=sha256:1;", ""},
        {"POST", "/v2/blobs/uploads/blobs/uploads/", "/v2/{name*}/blobs/uploads/",
         "name=blobs/uploads;", ""},
        {"PATCH", "/v2/a/blobs/uploads/blobs/uploads/7", "/v2/{name*}/blobs/uploads/{id}",
         "name=a/blobs/uploads;id=7;", ""},
        {"GET", "/v2/tags/list/tags/list", "/v2/{name*}/tags/list", "name=tags/list;", ""},
        /* uploads/{id} is more specific than {digest} with a longer name */
        {"GET", "/v2/a/blobs/uploads/7", "/v2/{name*}/blobs/uploads/{id}", "name=a;id=7;", ""},
        {"POST", "/v2/a/blobs/uploads", "/v2/{name*}/blobs/uploads", "name=a;", ""},
        {"HEAD", "/v2/a/blobs/x", "/v2/{name*}/blobs/{digest}", "name=a;digest=x;", ""},
        {"GET", "/v2/library%2Fnginx/manifests/x", "/v2/{name*}/manifests/{reference}",
         "name=library/nginx;reference=x;", ""},
        /* nothing empty in a name */
        {"GET", "/v2//manifests/x", NULL, "", ""},
        {"GET", "/v2/a//manifests/x", NULL, "", ""},
        {"GET", "/v2/a/manifests/", NULL, "", ""},
        /* any case with "~" */
        {"GET", "/SUBSCRIPTIONS/1/resourcegroups/g/PROVIDERS/microsoft.security/Assessments/x",
         "~/{scope*}/providers/Microsoft.Security/assessments/{assessment}",
         "scope=SUBSCRIPTIONS/1/resourcegroups/g;assessment=x;", ""},
        {"PUT", "/Subscriptions/1/providers/Microsoft.Security/assessments/x",
         "~/subscriptions/{id}/providers/Microsoft.Security/assessments/{assessment}",
         "id=1;assessment=x;", ""},
        /* a method that only the less specific pattern has */
        {"GET", "/subscriptions/1/providers/Microsoft.Security/assessments/x",
         "~/{scope*}/providers/Microsoft.Security/assessments/{assessment}",
         "scope=subscriptions/1;assessment=x;", ""},
        /* the catch-all is for unknown paths, not for unknown methods */
        {"GET", "/oauth2/token", NULL, "", "POST"},
        {"GET", "/oauth2/other", "/{path*}", "path=oauth2/other;", ""},
        {"DELETE", "/nowhere", NULL, "", "GET, HEAD"},
        {"GET", "/same/1", "/same/{a}", "a=1;", ""}, /* the order of the table */
        {"get", "/", NULL, "", "GET, HEAD"},         /* methods have a case */
    };
    struct route_table *table;
    struct err          err = ERR_NONE;

    CHECK_OK(route_table_new(rows, COUNT_OF(rows), &table, &err));
    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
        struct target                 t;
        struct route_match            match;
        char                          params[512] = "";

        print_message("%s %s\n", c->method, c->path);
        CHECK_OK(target_parse(str_of(c->path), &arena, &t, &err));
        route_find(table, str_of(c->method), &t, &arena, &match);
        if (c->pattern == NULL) {
            CHECK(match.row == NULL);
            CHECK_EQ(match.path_known, c->allow[0] != '\0');
            CHECK_TEXT(match.allow, c->allow);
            continue;
        }
        CHECK(match.row != NULL);
        CHECK_TEXT(match.row->pattern, c->pattern);
        for (unsigned i = 0; i < match.param_count; i++)
            snprintf(params + strlen(params), sizeof params - strlen(params),
                     STR_FMT "=" STR_FMT ";", STR_ARG(match.params[i].name),
                     STR_ARG(match.params[i].value));
        CHECK_TEXT(params, c->params);
    }
    route_table_free(table);
}

TEST(wrong_tables) {
    static const struct {
        struct http_route row;
        const char       *text;
    } cases[] = {
        {ROW("GET", "v2"), "route \"v2\" must begin with \"/\""},
        {ROW("GET", "/{a*}/{b*}"), "route \"/{a*}/{b*}\" has two {name*}"},
        {ROW("GET", "/{a"), "route \"/{a\": bad placeholder \"{a\""},
        {ROW("GET", "/{}"), "route \"/{}\": bad placeholder \"{}\""},
        {ROW("GET", "/{*}"), "route \"/{*}\": bad placeholder \"{*}\""},
        {ROW("GET", "/x{a}"), "route \"/x{a}\": bad placeholder \"x{a}\""},
        {ROW("GET", "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}"),
         "route \"/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}\" has more than 8 placeholders"},
    };
    EACH (c, cases) {
        struct route_table *table;
        struct err          err = ERR_NONE;

        CHECK_EQ(route_table_new(&c->row, 1, &table, &err), PW_INVALID);
        CHECK_TEXT(err_text(&err), c->text);
    }
}

RUN_TESTS(UNIT(which_row), UNIT(wrong_tables))
