/* HTTPS by the library, with a certificate made for this test. */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/digest.h"
#include "http/client.h"
#include "wire.h"

static char certificate[8192], key_text[4096];

static size_t text_of(BIO *bio, char *out, size_t size) {
    int n = BIO_read(bio, out, (int)size - 1);

    CHECK(n > 0);
    out[n] = '\0';
    BIO_free(bio);
    return (size_t)n;
}

static void make_certificate(void) {
    EVP_PKEY       *key = EVP_EC_gen("P-256");
    X509           *x = X509_new();
    X509_EXTENSION *names = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    BIO            *bio;

    ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
    X509_set_version(x, 2);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                               (const unsigned char *)"test", -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
    X509_add_ext(x, names, -1);
    CHECK(X509_sign(x, key, EVP_sha256()) > 0);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, x);
    text_of(bio, certificate, sizeof certificate);
    bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    text_of(bio, key_text, sizeof key_text);
    X509_EXTENSION_free(names);
    X509_free(x);
    EVP_PKEY_free(key);
}

static pw_code hello(struct http_request *q, struct http_reply *reply, struct err *err) {
    http_reply_borrow(reply, "text/plain", STR("hello"));
    return PW_OK;
}

static pw_code hash(struct http_request *q, struct http_reply *reply, struct err *err) {
    struct hasher hasher;
    struct digest digest;
    char          text[DIGEST_TEXT_SIZE];
    str           chunk;

    hasher_init(&hasher, DIGEST_SHA256);
    do {
        PW_TRY(http_body_next(q, &chunk, err));
        hasher_add(&hasher, chunk.ptr, chunk.len);
    } while (chunk.len > 0);
    hasher_digest(&hasher, &digest);
    http_reply_body(reply, "text/plain", digest_format(&digest, text));
    return PW_OK;
}

static pw_code taste(struct http_request *q, struct http_reply *reply, struct err *err) {
    str chunk;

    PW_TRY(http_body_next(q, &chunk, err));
    return err_set(err, PW_DENIED, "enough");
}

static const struct http_route routes[] = {
    {"GET", "/", HTTP_EVENT, 0, hello},
    {"GET", "/worker", HTTP_WORKER, 0, hello},
    {"PUT", "/hash", HTTP_WORKER, 0, hash},
    {"PUT", "/taste", HTTP_WORKER, 0, taste},
};

TEST(exchanges) {
    size_t n = (size_t)5 << 20;
    char  *big = wire_letters(n), digest_text[DIGEST_TEXT_SIZE], url[64];
    char   ca[] = "/tmp/tls_XXXXXX";
    struct {
        const char *method, *path;
        str         body;
        int         status;
        const char *answer;
    } cases[] = {
        {"GET", "/", STR_NONE, 200, "hello"},
        {"GET", "/worker", STR_NONE, 200, "hello"},
        {"PUT", "/hash", {big, n}, 200, digest_text},
        {"PUT", "/taste", {big, n}, 403, ""}, /* answered when the rest was dropped */
    };
    struct http_options options = {.address = "127.0.0.1",
                                   .routes = routes,
                                   .route_count = COUNT_OF(routes),
                                   .tls_certificate = certificate,
                                   .tls_key = key_text,
                                   .header_seconds = 1};
    struct http_server *server;
    struct digest       digest;
    struct err          err = ERR_NONE;
    int                 fd = mkstemp(ca);

    digest_of(DIGEST_SHA256, str_make(big, n), &digest);
    digest_format(&digest, digest_text);
    CHECK_OK(fd_write_all(fd, certificate, strlen(certificate), &err));
    close(fd);
    CHECK_OK(http_server_open(&options, &server, &err));
    EACH (c, cases) {
        AUTO(arena_done) struct arena arena = ARENA_INIT(1 << 20);
        AUTO(buf_done) struct buf     body = BUF_INIT(1 << 20);
        struct client_request         r = CLIENT_REQUEST_INIT;
        struct client_answer          answer;

        snprintf(url, sizeof url, "https://127.0.0.1:%u%s", http_server_port(server), c->path);
        r.url = url;
        r.method = c->method;
        r.body = c->body;
        r.ca_file = ca;
        r.out = &body;
        CHECK_OK(client_do(&r, &arena, &answer, &err));
        CHECK_EQ(answer.status, c->status);
        CHECK_STR(buf_str(&body), c->answer);
        r.ca_file = NULL; /* nobody knows our certificate */
        CHECK_EQ(client_do(&r, &arena, &answer, &err), PW_IO);
        CHECK(strstr(err_text(&err), "certificate") != NULL);
    }
    fd = wire_connect(http_server_port(server)); /* a handshake that never comes */
    CHECK(wire_closed(fd, 8000));
    close(fd);
    http_server_close(server, 1);
    unlink(ca);
    free(big);
}

TEST(cannot_open) {
    static const struct {
        const char *certificate, *key, *text;
    } cases[] = {
        {certificate, NULL, "HTTPS needs both a certificate and its key"},
        {NULL, key_text, "HTTPS needs both a certificate and its key"},
        {"nonsense", "nonsense",
         "the certificate and its key must be PEM texts that belong together"},
    };
    EACH (c, cases) {
        struct http_options options = {.address = "127.0.0.1",
                                       .routes = routes,
                                       .route_count = COUNT_OF(routes),
                                       .tls_certificate = c->certificate,
                                       .tls_key = c->key};
        struct http_server *server;
        struct err          err = ERR_NONE;

        CHECK_EQ(http_server_open(&options, &server, &err), PW_INVALID);
        CHECK(strstr(err_text(&err), c->text) != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {UNIT(exchanges), UNIT(cannot_open)};

    make_certificate();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
