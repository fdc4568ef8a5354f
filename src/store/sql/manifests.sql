-- name: manifest_find
SELECT id FROM manifest WHERE digest = :digest;

-- name: manifest_add
INSERT INTO manifest (digest, kind, size, body, artifact_type, subject, annotations, created_at)
VALUES (:digest, :kind, :size, :body, :artifact_type, :subject, :annotations, :now)
RETURNING id;

-- name: manifest_add_reference
INSERT INTO manifest_ref (manifest_id, position, kind, digest, size, media_type, is_foreign, platform)
VALUES (:manifest, :position, :kind, :digest, :size, :media_type, :is_foreign, :platform);

-- name: manifest_references
SELECT kind, digest, size, media_type, is_foreign, platform FROM manifest_ref
 WHERE manifest_id = :manifest ORDER BY position;

-- name: manifest_link
INSERT INTO repo_manifest (repository_id, manifest_id, media_type, pushed_at)
VALUES (:repository, :manifest, :media_type, :pushed_at)
    ON CONFLICT (repository_id, manifest_id) DO UPDATE
   SET media_type = excluded.media_type, pushed_at = excluded.pushed_at;

-- name: manifest_unlink
DELETE FROM repo_manifest WHERE repository_id = :repository AND manifest_id = :manifest;

-- name: manifest_linked
SELECT m.id, m.size FROM manifest m JOIN repo_manifest rm ON rm.manifest_id = m.id
 WHERE m.digest = :digest AND rm.repository_id = :repository;

-- name: manifest_by_tag
SELECT m.id, r.id, m.digest, rm.media_type, m.body, m.kind, rm.pushed_at
  FROM repository r JOIN tag t ON t.repository_id = r.id JOIN manifest m ON m.id = t.manifest_id
  JOIN repo_manifest rm ON rm.repository_id = r.id AND rm.manifest_id = m.id
 WHERE r.registry_id = :registry AND r.name = :repository AND t.name = :tag;

-- name: manifest_by_digest
SELECT m.id, r.id, m.digest, rm.media_type, m.body, m.kind, rm.pushed_at
  FROM repository r JOIN manifest m ON m.digest = :digest
  JOIN repo_manifest rm ON rm.repository_id = r.id AND rm.manifest_id = m.id
 WHERE r.registry_id = :registry AND r.name = :repository;

-- name: manifest_pulled
UPDATE repo_manifest SET pulls = pulls + :pulls,
       last_pulled_at = CASE WHEN last_pulled_at < :at THEN :at ELSE last_pulled_at END
 WHERE repository_id = :repository AND manifest_id = :manifest;

-- name: manifest_pulls
SELECT pulls, last_pulled_at FROM repo_manifest
 WHERE repository_id = :repository AND manifest_id = :manifest;

-- name: manifest_page
-- Every image of every repository of the registry, for checks and their records.
SELECT rm.repository_id, rm.manifest_id, r.name, m.digest
  FROM repo_manifest rm JOIN repository r ON r.id = rm.repository_id
  JOIN manifest m ON m.id = rm.manifest_id
 WHERE r.registry_id = :registry
   AND (rm.repository_id > :repository OR (rm.repository_id = :repository AND rm.manifest_id > :manifest))
 ORDER BY rm.repository_id, rm.manifest_id LIMIT :limit;

-- name: manifest_any
SELECT id FROM manifest LIMIT 1;

-- name: referrer_page
SELECT m.id, m.digest, rm.media_type, m.size, m.artifact_type, m.annotations, m.subject
  FROM manifest m JOIN repo_manifest rm ON rm.manifest_id = m.id
 WHERE m.subject = :subject AND rm.repository_id = :repository AND m.id > :after
   AND (:artifact_type = '' OR m.artifact_type = :artifact_type)
 ORDER BY m.id LIMIT :limit;

-- name: referrer_find
SELECT m.id, m.digest, rm.media_type, m.size, m.artifact_type, m.annotations, m.subject
  FROM manifest m JOIN repo_manifest rm ON rm.manifest_id = m.id
 WHERE m.digest = :digest AND rm.repository_id = :repository;
