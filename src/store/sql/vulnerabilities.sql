-- Ratings, EPSS scores, known exploited vulnerabilities (store/vulnerabilities.c).

-- name: vulnerability_facts
SELECT v.body, v.published_at, e.score, e.percentile, k.added_at
  FROM (SELECT :id AS id) q LEFT JOIN vulnerability v ON v.id = q.id
  LEFT JOIN epss e ON e.cve = q.id LEFT JOIN kev k ON k.cve = q.id

-- name: vulnerability_twin
-- A distribution's record of the same CVE in a feed that does not decide there still brings ratings.
SELECT a.feed, a.body, f.is_sample FROM feed f JOIN advisory a ON a.feed = f.name
 WHERE f.name IN ('osv', 'sample') AND a.name IN (:debian, :alpine)
   AND a.added_in <= f.generation AND (a.retired_in = 0 OR a.retired_in > f.generation)
 ORDER BY f.is_sample, a.feed, a.name

-- name: vulnerability_put
-- No row is touched when nothing changed, or when a newer one is there: files overlap.
INSERT INTO vulnerability (id, feed, body, published_at, modified_at)
VALUES (:id, :feed, :body, :published, :modified)
ON CONFLICT (id) DO UPDATE SET feed = excluded.feed, body = excluded.body,
  published_at = excluded.published_at, modified_at = excluded.modified_at
 WHERE vulnerability.body <> excluded.body AND vulnerability.modified_at <= excluded.modified_at

-- name: vulnerability_count
SELECT count(*) FROM vulnerability WHERE feed = :feed

-- name: epss_all
SELECT cve, score, percentile FROM epss ORDER BY cve

-- name: epss_put
INSERT INTO epss (cve, score, percentile) VALUES (:cve, :score, :percentile)
ON CONFLICT (cve) DO UPDATE SET score = excluded.score, percentile = excluded.percentile

-- name: epss_delete
DELETE FROM epss WHERE cve = :cve

-- name: kev_all
SELECT cve, added_at, due_at, ransomware FROM kev ORDER BY cve

-- name: kev_put
INSERT INTO kev (cve, added_at, due_at, ransomware) VALUES (:cve, :added, :due, :ransomware)
ON CONFLICT (cve) DO UPDATE SET added_at = excluded.added_at, due_at = excluded.due_at,
  ransomware = excluded.ransomware

-- name: kev_delete
DELETE FROM kev WHERE cve = :cve
