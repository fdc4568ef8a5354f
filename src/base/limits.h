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

#define LIMIT_LOG_LINE KIB(64)     /* journald's own ceiling is 48 KiB; longer lines are dropped */

/* wire */
#define LIMIT_HEADER_BYTES KIB(32) /* a bearer token is at most 8 KiB; four of them fit */
#define LIMIT_TARGET_BYTES KIB(8)  /* as common proxies */
#define LIMIT_JSON_BODY MIB(1)     /* ARM bodies are a few KiB */
#define LIMIT_JSON_DEPTH 64        /* no document here nests past 20 */
#define LIMIT_RINGS 16             /* request bodies in flight: 16 x 2 MiB */
#define LIMIT_CONNECTIONS 4096     /* file descriptors: default soft limit raised to 8192 */
#define LIMIT_HEADERS 100          /* header lines; containers/image with many Accept lines sends 30 */
#define LIMIT_PATH_SEGMENTS 256    /* a repository name of 255 bytes has at most 128 */
#define LIMIT_ROUTE_PARAMS 8       /* placeholders in one route */
#define LIMIT_REQUEST_MEMORY MIB(64) /* arena of one request: a manifest and its JSON tree */
#define LIMIT_INLINE_BODY KIB(16)  /* collected without a ring: 64 MB if all connections do it */
#define LIMIT_UPLOADS 64           /* workers that read bodies; they share the rings */
#define LIMIT_UPLOAD_WAIT_SECONDS 5 /* a body that waits longer for a worker is told to come back */
#define LIMIT_DRAIN_BYTES KIB(256) /* rest of a body read after an early answer to keep the connection */
#define LIMIT_LINGER_BYTES MIB(32) /* rest of a body dropped so that the client can read its answer */
#define LIMIT_LINGER_SECONDS 5     /* and how long that may take */
#define LIMIT_RANGES 256           /* parts of one Range header; zstd:chunked asks for up to 200 */

/* registry */
#define LIMIT_NAME_BYTES 255       /* clients cap host + "/" + name here */
#define LIMIT_TAG_BYTES 128        /* OCI distribution 1.1 grammar */
#define LIMIT_MANIFEST_BYTES (MIB(4) + KIB(200)) /* containerd refuses above 4,393,216 */
#define LIMIT_MANIFEST_MEMORY MIB(64) /* jansson needs about 8 times the text */
#define LIMIT_MANIFEST_ENTRIES 4096 /* layers or children; real images stay under 200 */
#define LIMIT_BLOB_BYTES GIB(64)   /* largest model layers seen in the field are 40 GB */
#define LIMIT_LIST_PAGE 10000      /* one page of tags or repositories */

/* reading layers */
#define LIMIT_LAYER_RATIO 1000     /* inflated to packed; deflate itself cannot pass 1032 */
#define LIMIT_LAYER_INFLATED GIB(64) /* no honest layer is larger */
#define LIMIT_TAR_ENTRIES 2000000  /* 16 bytes of hashes each: 32 MB at worst */
#define LIMIT_PATH_BYTES 4096      /* PATH_MAX */
#define LIMIT_PATH_PARTS 256       /* deepest real tree (nested node_modules) seen: 60 */
#define LIMIT_MEMBER_BYTES MIB(64) /* one file kept in memory; largest dpkg status seen: 8 MB */
#define LIMIT_PACKAGES 200000      /* in one layer; largest real image seen: 12,000 */
#define LIMIT_FIELD_BYTES KIB(64)  /* one field of a stanza that we keep */
#define LIMIT_FACTS_BYTES MIB(96)  /* what a child may send: 2 million hashes and 200,000 packages */
#define LIMIT_CHILD_MEMORY MIB(512) /* RLIMIT_AS of the child */
#define LIMIT_CHILD_CPU_SECONDS 600 /* inflating 64 GiB takes 90 */
#define LIMIT_CHILD_IDLE_SECONDS 2 /* a child starved longer is ended and its layer queued */

/* advisories */
#define LIMIT_FEED_BYTES GIB(4)    /* inflated; the largest feed (Ubuntu OSV) is 1.5 GB */
#define LIMIT_ADVISORY_BYTES MIB(32) /* one record; the largest known kernel record is 9 MB */
#define LIMIT_RANGE_EVENTS 10000   /* per range; the largest real one has 1,100 */
#define LIMIT_VERSION_BYTES 512    /* longest real version seen: 190 */
#define LIMIT_VECTOR_BYTES 512   /* a CVSS 4.0 vector with every metric has 220 */

/* scanning */
#define LIMIT_SCAN_MEMORY GIB(1)   /* arena of one command-line scan */
#define LIMIT_SCAN_SECONDS 900     /* then a visible failure */
