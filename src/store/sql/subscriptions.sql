-- name: subscription_first
SELECT id, name, plan FROM subscription ORDER BY created_at, id LIMIT 1
-- name: subscription_find
SELECT id, name, plan FROM subscription WHERE lower(id) = lower(:id)
-- name: subscription_add
INSERT INTO subscription (id, name, plan, plan_since, created_at) VALUES (:id, :name, :plan, :now, :now)
-- name: subscription_registry_first
SELECT r.id, r.subscription_id, r.resource_group, r.name, r.login_server
  FROM registry r WHERE r.subscription_id = :subscription ORDER BY r.id LIMIT 1
-- name: subscription_registry_find
SELECT r.id, r.subscription_id, r.resource_group, r.name, r.login_server
  FROM registry r WHERE lower(r.subscription_id) = lower(:subscription) AND lower(r.name) = lower(:name)
-- name: subscription_registry_add
INSERT INTO registry (subscription_id, resource_group, name, login_server, created_at)
VALUES (:subscription, :resource_group, :name, :login_server, :now)
-- name: subscription_group_find
SELECT 1 FROM registry
 WHERE lower(subscription_id) = lower(:subscription) AND lower(resource_group) = lower(:resource_group) LIMIT 1
