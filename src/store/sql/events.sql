-- News, in order (store/events.c).

-- name: event_turn
-- Until the end of the transaction nobody else adds: ids become visible in their order.
SELECT {EVENT_TURN}

-- name: event_add
INSERT INTO event (kind, subject, body, created_at) VALUES (:kind, :subject, :body, :now)
RETURNING id

-- name: event_after
SELECT id, kind, subject, body, created_at FROM event WHERE id > :after ORDER BY id LIMIT :count

-- name: event_last
SELECT coalesce(max(id), 0) FROM event

-- name: event_prune
DELETE FROM event WHERE id <= :upto
