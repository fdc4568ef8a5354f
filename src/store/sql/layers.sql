-- name: layer_facts_get
SELECT status, reason, facts FROM layer_read WHERE layer = :layer AND reader_version = :version
-- name: layer_facts_known
SELECT 1 FROM layer_read WHERE layer = :layer AND reader_version = :version
-- name: layer_facts_put
INSERT INTO layer_read (layer, reader_version, status, reason, facts, read_at)
VALUES (:layer, :version, :status, :reason, :facts, :now)
ON CONFLICT (layer, reader_version) DO UPDATE
   SET status = excluded.status, reason = excluded.reason, facts = excluded.facts, read_at = excluded.read_at
-- name: layer_facts_forget_older
DELETE FROM layer_read WHERE layer = :layer AND reader_version < :version
