-- name: blob_find
SELECT id, size, key, state, created_at, 0, 0, digest FROM blob WHERE digest = :digest;

-- name: blob_find_linked
SELECT b.id, b.size, b.key, b.state, b.created_at, rb.lease_until, rb.repository_id, b.digest
  FROM blob b JOIN repo_blob rb ON rb.blob_id = b.id
 WHERE b.digest = :digest AND rb.repository_id = :repository;

-- name: blob_find_in
SELECT b.id, b.size, b.key, b.state, b.created_at, rb.lease_until, r.id, b.digest
  FROM repository r JOIN repo_blob rb ON rb.repository_id = r.id JOIN blob b ON b.id = rb.blob_id
 WHERE r.registry_id = :registry AND r.name = :repository AND b.digest = :digest;

-- name: blob_find_anywhere
-- Linked in any repository of the registry.
SELECT b.id, b.size, b.key, b.state, b.created_at, 0, 0, b.digest FROM blob b
 WHERE b.digest = :digest
   AND EXISTS (SELECT 1 FROM repo_blob rb JOIN repository r ON r.id = rb.repository_id
                WHERE rb.blob_id = b.id AND r.registry_id = :registry);

-- name: blob_find_key
SELECT id FROM blob WHERE key = :key;

-- name: blob_add
INSERT INTO blob (digest, size, key, created_at) VALUES (:digest, :size, :key, :now) RETURNING id;

-- name: blob_swap
-- A fresh copy takes the place of the stored one.
UPDATE blob SET size = :size, key = :key, state = 'good', created_at = :now WHERE id = :id;

-- name: blob_mark
-- Only while the copy that was looked at is still the stored one.
UPDATE blob SET state = :state WHERE id = :id AND key = :key;

-- name: blob_link
INSERT INTO repo_blob (repository_id, blob_id, lease_until) VALUES (:repository, :blob, :lease)
    ON CONFLICT (repository_id, blob_id) DO UPDATE
   SET lease_until = CASE WHEN repo_blob.lease_until < excluded.lease_until
                          THEN excluded.lease_until ELSE repo_blob.lease_until END;

-- name: blob_renew
-- A blob that an image of the repository refers to needs no lease.
UPDATE repo_blob SET lease_until = :lease
 WHERE repository_id = :repository AND blob_id = :blob AND lease_until < :lease
   AND NOT EXISTS (SELECT 1 FROM blob b JOIN manifest_ref f ON f.digest = b.digest
                     JOIN repo_manifest m ON m.manifest_id = f.manifest_id
                    WHERE b.id = :blob AND m.repository_id = :repository);

-- name: blob_unlink
DELETE FROM repo_blob WHERE repository_id = :repository AND blob_id = :blob;

-- name: blob_user
-- An image of this repository that needs the blob.
SELECT m.digest FROM manifest_ref f JOIN manifest m ON m.id = f.manifest_id
  JOIN repo_manifest rm ON rm.manifest_id = m.id
 WHERE f.digest = :digest AND rm.repository_id = :repository LIMIT 1;

-- name: blob_page
SELECT id, size, key, state, created_at, 0, 0, digest FROM blob WHERE id > :after ORDER BY id LIMIT :limit;
