-- Work to do (store/jobs.c). state: ready, running, again (running, and asked for once more),
-- failed.

-- name: job_add
INSERT INTO job (kind, subject, priority, trigger_name, not_before, created_at)
VALUES (:kind, :subject, :priority, :trigger, :now, :now)
ON CONFLICT (kind, subject) DO UPDATE SET
  priority = CASE WHEN job.state <> 'failed' AND job.priority < excluded.priority
                  THEN job.priority ELSE excluded.priority END,
  state = CASE WHEN job.state IN ('running', 'again') THEN 'again' ELSE 'ready' END,
  attempts = CASE WHEN job.state IN ('running', 'again') THEN job.attempts ELSE 0 END,
  not_before = CASE WHEN job.state = 'ready' AND job.not_before < excluded.not_before
                    THEN job.not_before ELSE excluded.not_before END,
  trigger_name = excluded.trigger_name,
  reason = ''

-- name: job_is_ready
SELECT EXISTS (SELECT 1 FROM job WHERE kind = :kind AND state = 'ready' AND not_before <= :now)
    OR EXISTS (SELECT 1 FROM job WHERE kind = :kind AND state IN ('running', 'again')
                                   AND locked_until <= :now)

-- name: job_expire
-- Whoever held these is gone.
UPDATE job SET state = 'ready', locked_until = 0
 WHERE kind = :kind AND state IN ('running', 'again') AND locked_until <= :now

-- name: job_take
UPDATE job SET state = 'running', attempts = attempts + 1, locked_until = :until
 WHERE id = (SELECT id FROM job WHERE kind = :kind AND state = 'ready' AND not_before <= :now
              ORDER BY priority, not_before, id LIMIT 1 {SKIP_LOCKED})
RETURNING id, kind, subject, trigger_name, attempts, created_at

-- name: job_done
-- Not one whose lease ran out: it may have been asked for again since.
DELETE FROM job WHERE id = :id AND state = 'running'

-- name: job_again
-- Asked for once more while it ran: ready from the start.
UPDATE job SET state = 'ready', attempts = 0, locked_until = 0, not_before = :now, reason = ''
 WHERE id = :id AND state = 'again'

-- name: job_retry
UPDATE job SET state = 'ready', locked_until = 0, not_before = :not_before, reason = :reason
 WHERE id = :id AND state = 'running'

-- name: job_fail
UPDATE job SET state = 'failed', locked_until = 0, reason = :reason
 WHERE id = :id AND state = 'running'

-- name: job_count
SELECT count(CASE WHEN state <> 'failed' THEN 1 END), count(CASE WHEN state = 'failed' THEN 1 END)
  FROM job WHERE kind = :kind
