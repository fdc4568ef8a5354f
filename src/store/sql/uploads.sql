-- name: upload_add
INSERT INTO upload (id, repository_id, received, started_at, touched_at)
VALUES (:id, :repository, 0, :now, :now);

-- name: upload_find
SELECT u.received, u.hash_state, u.repository_id FROM upload u
  JOIN repository r ON r.id = u.repository_id
 WHERE u.id = :id AND r.registry_id = :registry AND r.name = :repository;

-- name: upload_save
UPDATE upload SET received = :received, hash_state = :state, touched_at = :now WHERE id = :id;

-- name: upload_remove
DELETE FROM upload WHERE id = :id;

-- name: upload_remove_idle
DELETE FROM upload WHERE id = :id AND touched_at < :before;

-- name: upload_idle
SELECT id FROM upload WHERE touched_at < :before ORDER BY id LIMIT :limit;
