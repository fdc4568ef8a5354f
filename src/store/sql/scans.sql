-- name: scan_subject
SELECT id, kind, artifact_type FROM manifest WHERE digest = :digest
-- name: scan_subject_refs
SELECT r.kind, r.digest, r.size, r.media_type, r.is_foreign, b.key, b.size
  FROM manifest_ref r LEFT JOIN blob b ON b.digest = r.digest
 WHERE r.manifest_id = :manifest ORDER BY r.position
-- name: image_put
INSERT INTO image (manifest_id, inventory_id, state, reason, scanned_at)
VALUES (:manifest, :inventory, :state, :reason, :now)
ON CONFLICT (manifest_id) DO UPDATE
   SET inventory_id = excluded.inventory_id, state = excluded.state, reason = excluded.reason,
       scanned_at = excluded.scanned_at
-- name: scan_add
INSERT INTO scan (digest, trigger_name, asked_at, started_at, finished_at, outcome, reason, feeds)
VALUES (:digest, :trigger, :asked_at, :started_at, :finished_at, :outcome, :reason, :feeds)
-- name: image_page
SELECT rm.repository_id, rm.manifest_id, g.id, p.name, m.digest, m.kind, m.artifact_type, rm.media_type,
       rm.pushed_at, i.state, i.reason, i.inventory_id, i.scanned_at, g.subscription_id, g.resource_group,
       g.name, g.login_server
  FROM repo_manifest rm
  JOIN repository p ON p.id = rm.repository_id
  JOIN registry g ON g.id = p.registry_id
  JOIN manifest m ON m.id = rm.manifest_id
  LEFT JOIN image i ON i.manifest_id = rm.manifest_id
 WHERE (rm.repository_id > :repository OR (rm.repository_id = :repository AND rm.manifest_id > :manifest))
   AND (:subscription = '' OR lower(g.subscription_id) = lower(:subscription))
   AND (:resource_group = '' OR lower(g.resource_group) = lower(:resource_group))
   AND (:registry = 0 OR g.id = :registry)
 ORDER BY rm.repository_id, rm.manifest_id LIMIT :most
-- name: image_newest
-- The newest are found in the index before anything is joined.
SELECT rm.repository_id, rm.manifest_id, g.id, p.name, m.digest, m.kind, m.artifact_type, rm.media_type,
       rm.pushed_at, i.state, i.reason, i.inventory_id, i.scanned_at, g.subscription_id, g.resource_group,
       g.name, g.login_server
  FROM (SELECT repository_id, manifest_id, media_type, pushed_at FROM repo_manifest
         ORDER BY pushed_at DESC, repository_id, manifest_id LIMIT :most) rm
  JOIN repository p ON p.id = rm.repository_id
  JOIN registry g ON g.id = p.registry_id
  JOIN manifest m ON m.id = rm.manifest_id
  LEFT JOIN image i ON i.manifest_id = rm.manifest_id
 ORDER BY rm.pushed_at DESC, rm.repository_id, rm.manifest_id
-- name: image_by_digest
SELECT rm.repository_id, rm.manifest_id, g.id, p.name, m.digest, m.kind, m.artifact_type, rm.media_type,
       rm.pushed_at, i.state, i.reason, i.inventory_id, i.scanned_at, g.subscription_id, g.resource_group,
       g.name, g.login_server
  FROM repo_manifest rm
  JOIN repository p ON p.id = rm.repository_id
  JOIN registry g ON g.id = p.registry_id
  JOIN manifest m ON m.id = rm.manifest_id
  LEFT JOIN image i ON i.manifest_id = rm.manifest_id
 WHERE m.digest = :digest AND (:name = '' OR p.name = :name)
 ORDER BY rm.repository_id LIMIT 1
-- name: image_by_tag
SELECT rm.repository_id, rm.manifest_id, g.id, p.name, m.digest, m.kind, m.artifact_type, rm.media_type,
       rm.pushed_at, i.state, i.reason, i.inventory_id, i.scanned_at, g.subscription_id, g.resource_group,
       g.name, g.login_server
  FROM tag t
  JOIN repository p ON p.id = t.repository_id
  JOIN repo_manifest rm ON rm.repository_id = t.repository_id AND rm.manifest_id = t.manifest_id
  JOIN registry g ON g.id = p.registry_id
  JOIN manifest m ON m.id = rm.manifest_id
  LEFT JOIN image i ON i.manifest_id = rm.manifest_id
 WHERE p.name = :name AND t.name = :tag ORDER BY rm.repository_id LIMIT 1
-- name: image_tags
SELECT name FROM tag WHERE repository_id = :repository AND manifest_id = :manifest ORDER BY name LIMIT 100
-- name: report_feed_rows
SELECT name, version, updated_at, is_sample, generation, records FROM feed ORDER BY name
-- name: image_totals
SELECT coalesce(i.state, 'waiting'), count(*) FROM repo_manifest rm
  LEFT JOIN image i ON i.manifest_id = rm.manifest_id GROUP BY coalesce(i.state, 'waiting')
-- name: job_release_all
-- At start: whoever held these is gone.
UPDATE job SET state = 'ready', locked_until = 0 WHERE state IN ('running', 'again')
