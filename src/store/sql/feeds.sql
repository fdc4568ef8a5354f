-- Feeds, their streams, and what they changed (store/feeds.c).

-- name: feed_list
SELECT f.name, f.source, f.version, f.failure, f.generation, f.records, f.updated_at, f.changed_at, f.failed_at,
       f.is_sample, (SELECT count(*) FROM feed_change c WHERE c.feed = f.name AND c.generation <= f.generation)
  FROM feed f WHERE f.updated_at > 0 OR f.failed_at > 0 ORDER BY f.name

-- name: feed_streams
SELECT ecosystem, part, records, updated_at, is_complete FROM feed_ecosystem WHERE feed = :feed
 ORDER BY ecosystem, part

-- name: feed_of_ecosystem
SELECT feed, part, updated_at, is_complete FROM feed_ecosystem WHERE ecosystem = :ecosystem

-- name: feed_make
INSERT INTO feed (name, generation, is_sample) VALUES (:feed, 0, :is_sample) ON CONFLICT (name) DO NOTHING

-- name: feed_lock
-- One import at a time; a lease that ran out belonged to one that died.
UPDATE feed SET import_token = :token, import_until = :until
 WHERE name = :feed AND (import_until <= :now OR import_token = :token)

-- name: feed_hold
UPDATE feed SET import_until = :until WHERE name = :feed AND import_token = :token

-- name: feed_unlock
UPDATE feed SET import_token = '', import_until = 0 WHERE name = :feed AND import_token = :token

-- name: feed_generation
SELECT generation FROM feed WHERE name = :feed

-- name: feed_switch
UPDATE feed SET generation = :generation, records = :records, source = :source, version = :version,
       updated_at = :now, changed_at = CASE WHEN :changed <> 0 THEN :now ELSE changed_at END,
       failed_at = 0, failure = ''
 WHERE name = :feed AND import_token = :token

-- name: feed_failed
INSERT INTO feed (name, generation, failed_at, failure) VALUES (:feed, 0, :now, :failure)
ON CONFLICT (name) DO UPDATE SET failed_at = excluded.failed_at, failure = excluded.failure

-- name: feed_stream_put
INSERT INTO feed_ecosystem (feed, ecosystem, part, records, updated_at, is_complete)
VALUES (:feed, :ecosystem, :part, :records, :now, :complete)
ON CONFLICT (feed, ecosystem, part) DO UPDATE SET
  records = excluded.records, updated_at = excluded.updated_at, is_complete = excluded.is_complete

-- name: feed_stream_add
-- An increment: what was complete stays as complete and as old as it was.
INSERT INTO feed_ecosystem (feed, ecosystem, part, records, updated_at, is_complete)
VALUES (:feed, :ecosystem, :part, :records, :now, 0)
ON CONFLICT (feed, ecosystem, part) DO NOTHING

-- name: feed_stream_drop
DELETE FROM feed_ecosystem WHERE feed = :feed AND ecosystem = :ecosystem AND part = :part

-- name: feed_touch
UPDATE feed SET updated_at = :now, failed_at = 0, failure = '' WHERE name = :feed

-- name: feed_stream_touch
-- "Debian" means "Debian:12" too: what lies between "Debian:" and "Debian;".
UPDATE feed_ecosystem SET updated_at = :now
 WHERE feed = :feed AND is_complete <> 0 AND (:part = '' OR part = :part)
   AND (:ecosystem = '' OR ecosystem = :ecosystem OR (ecosystem >= :from AND ecosystem < :below))

-- name: feed_change_mark
-- Beside an older mark that waits: an import that dies must not hide it.
INSERT INTO feed_change (feed, ecosystem, subject, generation)
VALUES (:feed, :ecosystem, :subject, :generation)
ON CONFLICT DO NOTHING

-- name: feed_change_mark_stream
-- Another feed answers for this stream now: every package that anyone holds is looked at.
INSERT INTO feed_change (feed, ecosystem, subject, generation)
SELECT DISTINCT :feed, lookup_ecosystem, lookup_name, CAST(:generation AS {INT})
  FROM component WHERE lookup_ecosystem = :ecosystem
ON CONFLICT DO NOTHING

-- name: feed_change_page
-- Those that are visible, behind the last one of the page before.
SELECT c.ecosystem, c.subject, c.generation FROM feed_change c JOIN feed f ON f.name = c.feed
 WHERE c.feed = :feed AND c.generation <= f.generation
   AND (c.ecosystem, c.subject, c.generation) > (:ecosystem, :subject, :generation)
 ORDER BY c.ecosystem, c.subject, c.generation LIMIT :limit

-- name: feed_change_drop
DELETE FROM feed_change WHERE feed = :feed AND ecosystem = :ecosystem AND subject = :subject
   AND generation = :generation

-- name: feed_change_forget
-- Marks of an import that died before anyone saw its records.
DELETE FROM feed_change WHERE feed = :feed AND generation > :generation

-- name: feed_change_any
SELECT count(*) FROM
  (SELECT 1 FROM feed_change WHERE feed = :feed AND generation <= :generation LIMIT 1) waiting
