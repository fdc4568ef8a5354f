-- name: default_subscription_find
SELECT id FROM subscription ORDER BY created_at, id LIMIT 1;

-- name: default_subscription_add
INSERT INTO subscription (id, name, created_at) VALUES (:id, :name, :now);

-- name: default_registry_find
SELECT id FROM registry WHERE name = :name;

-- name: default_registry_add
INSERT INTO registry (subscription_id, resource_group, name, login_server, created_at)
VALUES (:subscription, :resource_group, :name, :login_server, :now)
RETURNING id;

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
