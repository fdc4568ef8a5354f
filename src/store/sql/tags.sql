-- name: tag_find
SELECT t.manifest_id, m.digest, t.updated_at FROM tag t JOIN manifest m ON m.id = t.manifest_id
 WHERE t.repository_id = :repository AND t.name = :name;

-- name: tag_set
INSERT INTO tag (repository_id, name, manifest_id, updated_at)
VALUES (:repository, :name, :manifest, :now)
    ON CONFLICT (repository_id, name) DO UPDATE
   SET manifest_id = excluded.manifest_id, updated_at = excluded.updated_at;

-- name: tag_remember
INSERT INTO tag_history (repository_id, name, digest, changed_at)
VALUES (:repository, :name, :digest, :now);

-- name: tag_set_time
UPDATE tag SET updated_at = :at WHERE repository_id = :repository AND name = :name;

-- name: tag_remove
DELETE FROM tag WHERE repository_id = :repository AND name = :name;

-- name: tag_page
SELECT name FROM tag WHERE repository_id = :repository AND name > :after ORDER BY name LIMIT :limit;

-- name: tag_page_of
-- Tags of one image.
SELECT name FROM tag WHERE manifest_id = :manifest AND repository_id = :repository AND name > :after
 ORDER BY name LIMIT :limit;
