-- name: component_finding_ids
SELECT vulnerability, state, fixed_version, severity, score, feed, body FROM component_finding
 WHERE component_id = :component
-- name: component_finding_put
INSERT INTO component_finding (component_id, vulnerability, state, fixed_version, severity, score, feed, body, since)
VALUES (:component, :vulnerability, :state, :fixed_version, :severity, :score, :feed, :body, :now)
ON CONFLICT (component_id, vulnerability) DO UPDATE
   SET state = excluded.state, fixed_version = excluded.fixed_version, severity = excluded.severity,
       score = excluded.score, feed = excluded.feed, body = excluded.body
-- name: component_finding_drop
DELETE FROM component_finding WHERE component_id = :component AND vulnerability = :vulnerability
-- name: inventory_findings
-- EPSS and KEV change daily without changing a verdict: read beside, never stored with it.
SELECT i.component_id, i.path, f.vulnerability, f.state, f.fixed_version, f.severity, f.feed, f.body, f.since,
       e.score, e.percentile, k.added_at, d.is_sample
  FROM inventory_item i
  JOIN component_finding f ON f.component_id = i.component_id
  LEFT JOIN epss e ON e.cve = f.vulnerability
  LEFT JOIN kev k ON k.cve = f.vulnerability
  LEFT JOIN feed d ON d.name = f.feed
 WHERE i.inventory_id = :inventory AND i.owned_by = ''
 ORDER BY f.severity DESC, f.score DESC, f.vulnerability, i.component_id, i.path
-- name: inventory_finding_counts
SELECT f.severity, f.state, count(*), max(coalesce(d.is_sample, 0))
  FROM inventory_item i JOIN component_finding f ON f.component_id = i.component_id
  LEFT JOIN feed d ON d.name = f.feed
 WHERE i.inventory_id = :inventory AND i.owned_by = ''
 GROUP BY f.severity, f.state
