-- name: context_find
SELECT id FROM context WHERE distro = :distro AND release = :release AND ecosystem = :ecosystem
-- name: context_add
INSERT INTO context (distro, release, ecosystem) VALUES (:distro, :release, :ecosystem) RETURNING id
-- name: component_find
SELECT id, matched_at FROM component
 WHERE ecosystem = :ecosystem AND namespace = :namespace AND name = :name AND version = :version
   AND source = :source AND source_version = :source_version AND arch = :arch AND module = :module
   AND origin = :origin AND context_id = :context
-- name: component_add
INSERT INTO component (ecosystem, namespace, name, version, source, source_version, arch, module, origin,
                       context_id, lookup_ecosystem, lookup_name)
VALUES (:ecosystem, :namespace, :name, :version, :source, :source_version, :arch, :module, :origin,
        :context, :lookup_ecosystem, :lookup_name)
RETURNING id
-- name: component_get
SELECT c.ecosystem, c.namespace, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.origin,
       x.distro, x.release, x.ecosystem, c.lookup_ecosystem, c.lookup_name, c.matched_at
  FROM component c JOIN context x ON x.id = c.context_id WHERE c.id = :id
-- name: component_set_matched
UPDATE component SET matched_at = :at WHERE id = :id
-- name: component_ids_by_lookup
SELECT id FROM component WHERE lookup_ecosystem = :ecosystem AND lookup_name = :name ORDER BY id
-- name: component_ids_by_lookup_family
-- "Debian" for "Debian:12" and all others: what lies between "Debian:" and "Debian;".
SELECT id FROM component
 WHERE lookup_ecosystem >= :from AND lookup_ecosystem < :below AND lookup_name = :name ORDER BY id
-- name: component_ids_by_vulnerability
SELECT component_id FROM component_finding WHERE vulnerability = :id ORDER BY component_id
-- name: feed_generations
SELECT coalesce(sum(generation), 0) FROM feed
