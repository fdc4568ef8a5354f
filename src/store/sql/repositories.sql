-- name: repository_find
SELECT id FROM repository WHERE registry_id = :registry AND name = :name;

-- name: repository_add
INSERT INTO repository (registry_id, name, created_at) VALUES (:registry, :name, :now)
RETURNING id;

-- name: repository_page
-- Repositories that hold an image; the others are invisible.
SELECT r.name FROM repository r
 WHERE r.registry_id = :registry AND r.name > :after
   AND EXISTS (SELECT 1 FROM repo_manifest m WHERE m.repository_id = r.id)
 ORDER BY r.name LIMIT :limit;
