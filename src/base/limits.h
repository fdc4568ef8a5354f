#pragma once
/*
 * limits.h - every ceiling of the house, with its reason.
 *
 * Whatever comes from outside passes one of these. Reaching one is PW_TOO_LARGE, or for image
 * content a visible "incomplete: reason". Sizes are bytes, times are seconds.
 */
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define GIB(n) ((size_t)(n) << 30)

#define LIMIT_LOG_LINE KIB(64) /* journald's own ceiling is 48 KiB; longer lines are dropped */

/* wire */
#define LIMIT_HEADER_BYTES        KIB(32) /* a bearer token is at most 8 KiB; four of them fit */
#define LIMIT_TARGET_BYTES        KIB(8)  /* as common proxies */
#define LIMIT_JSON_BODY           MIB(1)  /* ARM bodies are a few KiB */
#define LIMIT_JSON_DEPTH          64      /* no document here nests past 20 */
#define LIMIT_RINGS               16      /* request bodies in flight: 16 x 2 MiB */
#define LIMIT_CONNECTIONS         4096    /* file descriptors: default soft limit raised to 8192 */
#define LIMIT_HEADERS             100 /* header lines; containers/image with many Accept lines sends 30 */
#define LIMIT_PATH_SEGMENTS       256     /* a repository name of 255 bytes has at most 128 */
#define LIMIT_ROUTE_PARAMS        8       /* placeholders in one route */
#define LIMIT_REQUEST_MEMORY      MIB(64) /* arena of one request: a manifest and its JSON tree */
#define LIMIT_INLINE_BODY         KIB(16) /* collected without a ring: 64 MB if all connections do it */
#define LIMIT_UPLOADS             64      /* workers that read bodies; they share the rings */
#define LIMIT_UPLOAD_WAIT_SECONDS 5 /* a body that waits longer for a worker is told to come back */
#define LIMIT_DRAIN_BYTES                                                                          \
    KIB(256) /* rest of a body read after an early answer to keep the connection */
#define LIMIT_LINGER_BYTES                                                                         \
    MIB(32)                    /* rest of a body dropped so that the client can read its answer */
#define LIMIT_LINGER_SECONDS 5 /* and how long that may take */
#define LIMIT_RANGES         1024 /* parts of one Range header; partial pulls ask for up to 1,024 */

/* registry */
#define LIMIT_NAME_BYTES       255 /* clients cap host + "/" + name here */
#define LIMIT_NAME_PART_BYTES  250 /* a part is a folder of sidecar records: NAME_MAX less a mark */
#define LIMIT_TAG_BYTES        128 /* OCI distribution 1.1 grammar */
#define LIMIT_MANIFEST_BYTES   (MIB(4) + KIB(200)) /* containerd refuses above 4,393,216 */
#define LIMIT_MANIFEST_MEMORY  MIB(64)             /* jansson needs about 8 times the text */
#define LIMIT_MANIFEST_ENTRIES 4096 /* layers or children; real images stay under 200 */
#define LIMIT_MANIFEST_VALUES                                                                      \
    250000 /* 16 bytes of text each at 4 MiB: the tree stays under 64 MiB */
#define LIMIT_MEDIA_TYPE_BYTES    255 /* RFC 6838: 127 + "/" + 127 */
#define LIMIT_TAG_PARAMS          32  /* ?tag= of one manifest PUT; the specification asks for 10 */
#define LIMIT_BLOB_LEASE_SECONDS  86400   /* what HEAD or a push promised stays usable for a day */
#define LIMIT_UPLOAD_IDLE_SECONDS 86400   /* an upload nobody goes on with is dropped */
#define LIMIT_REFERRERS_PAGE      500     /* descriptors with their annotations in one answer */
#define LIMIT_BLOB_BYTES          GIB(64) /* largest model layers seen in the field are 40 GB */
#define LIMIT_LIST_PAGE           10000   /* one page of tags or repositories */

/* reading layers */
#define LIMIT_LAYER_RATIO    1000    /* inflated to packed; deflate itself cannot pass 1032 */
#define LIMIT_LAYER_INFLATED GIB(64) /* no honest layer is larger */
#define LIMIT_INFLATE_WINDOW_LOG                                                                   \
    27 /* zstd and xz: 128 MiB, what zstd --long writes; xz -9 asks 65 */
#define LIMIT_TAR_ENTRIES     2000000 /* 16 bytes of hashes each: 32 MB at worst */
#define LIMIT_TAR_HOLES       GIB(1) /* of sparse files read in one archive: zeros that cost no bytes */
#define LIMIT_PATH_BYTES      4096    /* PATH_MAX */
#define LIMIT_PATH_PARTS      256     /* deepest real tree (nested node_modules) seen: 60 */
#define LIMIT_MEMBER_BYTES    MIB(64) /* one file kept in memory; largest dpkg status seen: 8 MB */
#define LIMIT_PACKAGE_JSON    MIB(4) /* jansson needs 8 times that; the largest real one is 200 KB */
#define LIMIT_PYTHON_METADATA MIB(8)  /* holds a whole README; the largest real one is 1 MB */
#define LIMIT_PACKAGES        200000  /* in one layer; largest real image seen: 12,000 */
#define LIMIT_FIELD_BYTES     KIB(64) /* one field of a stanza that we keep */
#define LIMIT_FACTS_BYTES     MIB(96) /* what a child may send: 2 million hashes and 200,000 packages */
#define LIMIT_EVIDENCE        200000 /* files read in one layer; largest real image seen: 12,000 */
#define LIMIT_GAPS            8192   /* unread files named per layer; more are counted */
#define LIMIT_GAPS_OF_KIND    128    /* of them per kind; an image shows fewer still */
#define LIMIT_GAPS_SHOWN      20     /* unread files of one kind that a report of an image names */
#define LIMIT_LAYER_LINKS     8192   /* links and release files; real root folders have under 300 */
#define LIMIT_LINKS_FOLLOWED  40     /* in one path, as Linux does */
#define LIMIT_READER_MEMORY                                                                        \
    MIB(160) /* facts under construction; the rest of the child's memory
                                        is for one member, the decoder and the encoded answer */
#define LIMIT_CHILD_MEMORY       MIB(512) /* RLIMIT_AS of the child */
#define LIMIT_CHILD_CPU_SECONDS  600      /* inflating 64 GiB takes 90 */
#define LIMIT_CHILD_IDLE_SECONDS 2        /* a child starved longer is ended and its layer queued */

/* advisories */
#define LIMIT_FEED_BYTES      GIB(4)   /* inflated; the largest feed (Ubuntu OSV) is 1.5 GB */
#define LIMIT_FEED_RATIO      1000     /* as layers; real feeds stay under 60 */
#define LIMIT_FEED_DEPTH      32       /* folders below a feed's folder; real mirrors nest 4 */
#define LIMIT_ZIP_ENTRIES     2000000  /* 150 bytes each: 300 MB; the largest OSV zip has 250,000 */
#define LIMIT_ADVISORY_BYTES  MIB(32)  /* one record; the largest known kernel record is 9 MB */
#define LIMIT_RANGE_EVENTS    10000    /* per range; the largest real one has 1,100 */
#define LIMIT_VERSION_BYTES   512      /* longest real version seen: 190 */
#define LIMIT_ADVISORY_MEMORY MIB(512) /* one record parsed: jansson needs 8 times its text */
#define LIMIT_ADVISORY_TEXT                                                                        \
    KIB(8) /* of summary and details each that is kept; longer is cut and says so */
#define LIMIT_ADVISORY_ID_BYTES 256 /* longest real id: 60 */
#define LIMIT_ADVISORY_ITEMS                                                                       \
    100000 /* packages, ranges or versions of one record; largest real one: 20,000 */
#define LIMIT_REFERENCES 64     /* addresses kept of one record; people read the first few */
#define LIMIT_FEED_FILES 200000 /* of one folder; a folder of single records has 40,000 */
#define LIMIT_FEED_BAD                                                                             \
    1000 /* damaged records after which a feed is refused, and at least 5 % of it */
#define LIMIT_FEED_BAD_SHOWN    20  /* damaged records that a report names */
#define LIMIT_FEED_LOSS_RECORDS 100 /* a complete feed that loses this many records .. */
#define LIMIT_FEED_LOSS_PERCENT 50  /* .. and this share of them is not believed */
#define LIMIT_FEED_FRESH_SECONDS                                                                   \
    (7 * 86400)                            /* weekends and holidays of a mirror; see feeds_answer */
#define LIMIT_IMPORT_ROWS          400     /* of one background transaction, whose ceiling is 500 */
#define LIMIT_IMPORT_LEASE_SECONDS 120     /* an import that wrote nothing for so long has died */
#define LIMIT_IMPORT_MEMORY        GIB(1)  /* names of the visible records: a million need 120 MB */
#define LIMIT_EPSS_RECORDS         2000000 /* 360,000 in 2026 */
#define LIMIT_FIX_TRIES                                                                            \
    64 /* fixed versions tried for one finding; branches of one project: under 30 */
#define LIMIT_VECTOR_BYTES 512    /* a CVSS 4.0 vector with every metric has 220 */
#define LIMIT_PURL_BYTES   KIB(8) /* longest real one seen: 600 (a Go module with a subpath) */

/* scanning */
#define LIMIT_SCAN_MEMORY  GIB(1) /* arena of one command-line scan */
#define LIMIT_SCAN_SECONDS 900    /* then a visible failure */

/* database */
#define LIMIT_READ_SECONDS 60 /* a long read holds back the write-ahead log: 60 s of writes */
#define LIMIT_LONG_READS   16 /* connections for reads by cursor; one costs up to 2 MiB */
#define LIMIT_READERS      64 /* connections for short reads; 2 per core are enough */
#define LIMIT_DATABASE_BUSY_MS                                                                     \
    10000                       /* a second process (the command line) commits in milliseconds */
#define LIMIT_BATCH_WRITES  256 /* writes that share a commit: the first waits for the last */
#define LIMIT_BATCH_MS      10  /* likewise in time; an fsync takes 1 to 5 */
#define LIMIT_BACKGROUND_MS 5   /* background work in one commit: a push waits no longer */
#define LIMIT_BACKGROUND_WAIT_MS                                                                   \
    100 /* then background work gets its turn before a busy foreground */
#define LIMIT_POSTGRES_WRITERS    4  /* more collide more often than they help */
#define LIMIT_SERIALIZATION_TRIES 30 /* with pauses up to 64 ms: about a second */

/* blobs */
#define LIMIT_UPLOAD_ID 64   /* a UUID is 36 */
#define LIMIT_BLOB_NAME 1024 /* record: repository (255), tag (128) and a few words */
