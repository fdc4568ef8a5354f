-- Small facts about this installation (store/settings.c).

-- name: setting_get
SELECT value FROM setting WHERE key = :key

-- name: setting_put
INSERT INTO setting (key, value) VALUES (:key, :value)
ON CONFLICT (key) DO UPDATE SET value = excluded.value

-- name: setting_add
-- Fails when it is there already.
INSERT INTO setting (key, value) VALUES (:key, :value)

-- name: setting_delete
DELETE FROM setting WHERE key = :key
