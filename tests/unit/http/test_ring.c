/* The ring: bounded, in order, and empty-handed while nothing comes. */
#include "http/ring.h"

#include <time.h>

#include "test.h"

enum { SEGMENT = 512 * 1024 };

static void *producer(void *arg) {
    struct ring  *ring = arg;
    unsigned char next = 0;
    char          bytes[4096 * 3 + 7];
    size_t        left = (size_t)24 << 20;

    while (left > 0) {
        size_t n = sizeof bytes < left ? sizeof bytes : left, done = 0;

        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)next++;
        while (done < n) {
            done += ring_push(ring, bytes + done, n - done);
            if (done < n)
                nanosleep(&(struct timespec){0, 100000}, NULL);
        }
        left -= n;
    }
    ring_end(ring);
    return NULL;
}

TEST(order_and_completeness) {
    struct ring_pool pool;
    struct ring      ring;
    pthread_t        thread;
    unsigned char    next = 0;
    size_t           total = 0;
    str              chunk;

    ring_pool_init(&pool, 8);
    ring_init(&ring);
    ring_open(&ring, &pool);
    CHECK_EQ(pthread_create(&thread, NULL, producer, &ring), 0);
    for (;;) {
        CHECK_EQ(ring_next(&ring, &chunk), PW_OK);
        if (chunk.len == 0)
            break;
        CHECK(chunk.len <= SEGMENT);
        for (size_t i = 0; i < chunk.len; i++)
            CHECK_EQ((unsigned char)chunk.ptr[i], next++);
        total += chunk.len;
        ring_release(&ring);
    }
    pthread_join(thread, NULL);
    CHECK_EQ(total, (size_t)24 << 20);
    CHECK_EQ(pool.in_use, 0);
    ring_done(&ring);
    ring_pool_done(&pool);
}

TEST(bounds) {
    struct ring_pool pool;
    struct ring      ring;
    char            *bytes = calloc(1, SEGMENT);
    str              chunk;

    ring_pool_init(&pool, 64);
    ring_init(&ring);
    ring_open(&ring, &pool);
    for (int i = 0; i < RING_SEGMENTS; i++)
        CHECK_EQ(ring_push(&ring, bytes, SEGMENT), SEGMENT);
    CHECK(!ring_has_room(&ring));
    CHECK_EQ(ring_push(&ring, bytes, 1), 0);
    CHECK_EQ(pool.in_use, RING_SEGMENTS);
    CHECK_EQ(ring_next(&ring, &chunk), PW_OK);
    CHECK_EQ(chunk.len, SEGMENT);
    CHECK(!ring_release(&ring)); /* three of four are still full: not yet */
    CHECK_EQ(ring_next(&ring, &chunk), PW_OK);
    CHECK(ring_release(&ring));
    CHECK(ring_has_room(&ring));
    ring_close(&ring);
    CHECK_EQ(pool.in_use, 0);
    CHECK_EQ(ring_push(&ring, bytes, 100), 100); /* nobody reads: dropped */
    free(bytes);
    ring_done(&ring);
    ring_pool_done(&pool);
}

/* With many rings each gets its share, so that none is left without. */
TEST(shares) {
    enum { RINGS = 8, SEGMENTS = 8 };
    struct ring_pool pool;
    struct ring      rings[RINGS];
    char            *bytes = calloc(1, SEGMENT);

    ring_pool_init(&pool, SEGMENTS);
    for (int i = 0; i < RINGS; i++) {
        ring_init(&rings[i]);
        ring_open(&rings[i], &pool);
    }
    for (int i = 0; i < RINGS; i++) {
        CHECK_EQ(ring_push(&rings[i], bytes, SEGMENT), SEGMENT);
        CHECK_EQ(ring_push(&rings[i], bytes, 1), 0);
    }
    for (int i = 0; i < RINGS; i++)
        ring_done(&rings[i]);
    CHECK_EQ(pool.in_use, 0);
    ring_pool_done(&pool);
    free(bytes);
}

TEST(endings) {
    static const struct {
        pw_code fail; /* PW_OK: ring_end */
        bool    bytes_before;
        pw_code want;
        size_t  want_len;
    } cases[] = {
        {PW_OK, false, PW_OK, 0},
        {PW_OK, true, PW_OK, 3},
        {PW_TIMEOUT, false, PW_TIMEOUT, 0},
        {PW_CANCELLED, true, PW_CANCELLED, 0}, /* a broken body is not handed out */
    };
    EACH (c, cases) {
        struct ring_pool pool;
        struct ring      ring;
        str              chunk = STR_NONE;

        ring_pool_init(&pool, 4);
        ring_init(&ring);
        ring_open(&ring, &pool);
        if (c->bytes_before)
            ring_push(&ring, "abc", 3);
        if (c->fail == PW_OK)
            ring_end(&ring);
        else
            ring_fail(&ring, c->fail);
        ring_fail(&ring, c->fail == PW_OK ? PW_OK : PW_INTERNAL); /* the first reason stays */
        CHECK_EQ(ring_next(&ring, &chunk), c->want);
        CHECK_EQ(chunk.len, c->want_len);
        ring_done(&ring);
        ring_pool_done(&pool);
    }
}

/* Few bytes are given out after a moment even though more may come. */
TEST(patience) {
    struct ring_pool pool;
    struct ring      ring;
    str              chunk;

    ring_pool_init(&pool, 4);
    ring_init(&ring);
    ring_open(&ring, &pool);
    ring_push(&ring, "abc", 3);
    CHECK_EQ(ring_next(&ring, &chunk), PW_OK);
    CHECK_STR(chunk, "abc");
    ring_done(&ring);
    ring_pool_done(&pool);
}

RUN_TESTS(UNIT(order_and_completeness), UNIT(bounds), UNIT(shares), UNIT(endings), UNIT(patience))
