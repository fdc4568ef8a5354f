/* serve.c - wiring. */
#include "server/serve.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "api/app.h"
#include "api/problems.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/log.h"
#include "http/server.h"
#include "pipeline/live.h"
#include "pipeline/pipeline.h"
#include "registry/registry_service.h"
#include "registry/upload.h"
#include "sandbox/sandbox.h"
#include "server/data_dir.h"
#include "server/notify.h"
#include "server/routes.h"
#include "server/updater.h"
#include "store/blob_store.h"
#include "store/inventories.h"
#include "store/subscriptions.h"

enum { OPEN_FILES = 8192, EXIT_AT_ONCE = 3 };

/* In the order they are opened; closed in reverse. */
struct house {
    const struct serve_options *options;
    int                         lock, signals;
    struct sandbox             *sandbox;
    struct store               *store;
    struct blob_store          *blobs;
    struct live                *live;
    struct registry_service    *registry;
    struct pipeline            *pipeline;
    struct updater             *updater;
    struct routes               routes;
    struct http_server         *http;
    struct app                  app;
    char                        address[LISTEN_ADDRESS_SIZE];
    unsigned                    port;
    int64_t                     registry_id;
};

static unsigned number(const struct house *h, const char *key) {
    return (unsigned)config_number(h->options->config, key);
}

/* Connections, readers and blobs each hold a descriptor. */
static void raise_open_files(void) {
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < OPEN_FILES) {
        limit.rlim_cur = MIN_OF((rlim_t)OPEN_FILES, limit.rlim_max);
        (void)setrlimit(RLIMIT_NOFILE, &limit); /* fewer connections then */
    }
}

/* Blocked before any thread exists: all inherit it, and the main thread reads them in its time. */
static pw_code take_signals(int *ret_fd, struct err *err) {
    sigset_t set;
    int      fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return err_errno(err, "cannot block signals");
    fd = signalfd(-1, &set, SFD_CLOEXEC);
    if (fd < 0)
        return err_errno(err, "cannot wait for signals");
    *ret_fd = fd;
    return PW_OK;
}

static pw_code prepare_rows(struct txn *txn, void *arg, struct err *err) {
    AUTO(arena_done) struct arena arena = ARENA_INIT(MIB(1));
    struct house                 *h = arg;
    struct subscriptions_default  rows;

    PW_TRY(subscriptions_default(txn, &arena, &rows, err));
    h->registry_id = rows.registry.id;
    PW_TRY(inventories_clean(txn, err));
    return scans_recover(txn, err);
}

static void sandbox_health(void *ctx, struct app_health *ret_health) {
    static _Thread_local struct sandbox_status status;
    const struct house                        *h = ctx;

    sandbox_status(h->sandbox, &status);
    *ret_health = (struct app_health){.sandbox_alive = status.zygote_pid != 0,
                                      .sandbox_children = status.children,
                                      .sandbox_restarts = status.restarts,
                                      .isolation = status.namespaces ? "namespaces"
                                                                     : status.why_no_namespaces};
}

static pw_code open_storage(struct house *h, struct err *err) {
    const char *data = h->options->data;
    char        blobs[DATA_PATH_SIZE];

    PW_TRY(data_dir_path(data, "blobs", blobs, err));
    PW_TRY(data_dir_make(data, err));
    PW_TRY(data_dir_lock(data, &h->lock, err));
    PW_TRY(sandbox_open(number(h, "sandbox_children"), &h->sandbox, err));
    PW_TRY(data_dir_open_store(data, true, false, &h->store, err));
    PW_TRY(store_write(h->store, STORE_FOREGROUND, prepare_rows, h, err));
    return blob_files_open(blobs, &h->blobs, err);
}

static pw_code open_work(struct house *h, struct err *err) {
    struct upload_watch     watch;
    struct registry_options registry = {
        .store = h->store, .blobs = h->blobs, .registry_id = h->registry_id, .watch = &watch};
    struct pipeline_options pipeline = {.store = h->store,
                                        .blobs = h->blobs,
                                        .sandbox = h->sandbox,
                                        .workers = number(h, "workers"),
                                        .scan_seconds = (int64_t)number(h, "limits.scan_seconds")};

    PW_TRY(live_open(h->store, h->sandbox, &h->live, err));
    watch = live_watch(h->live);
    PW_TRY(registry_service_open(&registry, &h->registry, err));
    pipeline.live = h->live;
    PW_TRY(pipeline_open(&pipeline, &h->pipeline, err));
    return updater_open(h->store, h->options->config, h->options->data, &h->updater, err);
}

static pw_code open_http(struct house *h, struct err *err) {
    struct http_options http = {.address = h->address,
                                .port = h->port,
                                .app = &h->app,
                                .error = problems_write,
                                .default_face = FACE_OWN,
                                .worker_threads = number(h, "http_workers")};

    PW_TRY(routes_gather(&h->routes, err));
    http.routes = h->routes.rows;
    http.route_count = h->routes.count;
    h->app = (struct app){
        .api = {.store = h->store, .blobs = h->blobs, .registry = h->registry},
        .rules = {.fresh_seconds = 86400 * (int64_t)number(h, "limits.advisories_fresh_days")},
        .health_ctx = h,
        .health = sandbox_health};
    PW_TRY(http_server_open(&http, &h->http, err));
    __atomic_store_n(&h->app.http, h->http, __ATOMIC_RELEASE);
    return PW_OK;
}

static void log_state(const struct house *h, const char *event) {
    char port[16];

    snprintf(port, sizeof port, "%u", h->http != NULL ? http_server_port(h->http) : 0);
    log_event(LOG_INFO, event, {"version", STR(PORTWARDEN_VERSION)},
              {"address", str_of(h->address)}, {"port", str_of(port)},
              {"data", str_of(h->options->data)});
}

static void wait_for_signal(const struct house *h) {
    struct signalfd_siginfo info;

    while (read(h->signals, &info, sizeof info) != (ssize_t)sizeof info)
        ;
}

static void end_at_once(int number_) {
    (void)number_;
    _exit(EXIT_AT_ONCE); /* what was acknowledged is on disk; the sandbox ends with us */
}

/* From now on a signal does not wait: whoever sends it twice means it. */
static void listen_for_second(void) {
    sigset_t set;

    (void)signal(SIGTERM, end_at_once);
    (void)signal(SIGINT, end_at_once);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    (void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

static void close_house(struct house *h) {
    if (h->http != NULL)
        http_server_close(h->http, (double)config_number(h->options->config, "stop_seconds"));
    routes_done(&h->routes);
    if (h->registry != NULL)
        upload_forget_watched(h->registry);
    updater_close(h->updater);
    pipeline_close(h->pipeline);
    registry_service_close(h->registry);
    live_close(h->live);
    if (h->blobs != NULL)
        blob_store_close(h->blobs);
    store_close(h->store);
    sandbox_close(h->sandbox);
    fd_close(&h->signals);
    fd_close(&h->lock);
}

static pw_code open_house(struct house *h, struct err *err) {
    str listen = h->options->listen != NULL ? str_of(h->options->listen)
                                            : config_text(h->options->config, "listen");

    PW_TRY(config_listen(listen, h->address, &h->port, err));
    raise_open_files();
    PW_TRY(take_signals(&h->signals, err));
    PW_TRY(open_storage(h, err));
    PW_TRY(open_work(h, err));
    return open_http(h, err);
}

pw_code serve_run(const struct serve_options *options, struct err *err) {
    struct house h = {.options = options, .lock = -1, .signals = -1};
    pw_code      code = open_house(&h, err);

    if (code == PW_OK) {
        log_state(&h, "ready");
        if (options->ready != NULL)
            options->ready(options->ctx, h.address, http_server_port(h.http));
        notify_send("READY=1");
        wait_for_signal(&h);
        notify_send("STOPPING=1");
        log_state(&h, "stopping");
        listen_for_second();
    }
    close_house(&h);
    return code;
}
