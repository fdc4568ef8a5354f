-- Records of feeds (store/advisories.c, store/advisory_import.c).

-- name: advisory_candidates
SELECT a.feed, a.body, f.is_sample
  FROM affected x JOIN advisory a ON a.id = x.advisory_id JOIN feed f ON f.name = a.feed
 WHERE x.ecosystem = :ecosystem AND x.package = :package
   AND a.added_in <= f.generation AND (a.retired_in = 0 OR a.retired_in > f.generation)
 ORDER BY a.feed, a.name, a.id

-- name: advisory_all
SELECT id, name, content_hash, added_in, retired_in FROM advisory WHERE feed = :feed

-- name: advisory_body
SELECT body FROM advisory WHERE id = :id

-- name: advisory_insert
INSERT INTO advisory (feed, name, content_hash, added_in, body)
VALUES (:feed, :name, :hash, :generation, :body) RETURNING id

-- name: advisory_retire
UPDATE advisory SET retired_in = :generation WHERE id = :id

-- name: advisory_delete
DELETE FROM advisory WHERE id = :id

-- name: affected_insert
INSERT INTO affected (ecosystem, package, advisory_id) VALUES (:ecosystem, :package, :advisory)
ON CONFLICT DO NOTHING

-- name: affected_delete
DELETE FROM affected WHERE ecosystem = :ecosystem AND package = :package AND advisory_id = :advisory
