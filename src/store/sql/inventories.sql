-- name: inventory_find
SELECT id FROM inventory WHERE digest = :digest
-- name: inventory_add
INSERT INTO inventory (digest, context_id, coverage, incomplete, created_at)
VALUES (:digest, :context, :coverage, :incomplete, :now) RETURNING id
-- name: inventory_publish
UPDATE inventory SET digest = :digest WHERE id = :id
-- name: inventory_item_add
INSERT INTO inventory_item (inventory_id, component_id, path, layer, layer_index, owned_by)
VALUES (:inventory, :component, :path, :layer, :layer_index, :owned_by)
ON CONFLICT (inventory_id, component_id, path) DO NOTHING
-- name: inventory_get
SELECT v.coverage, v.incomplete, x.distro, x.release, x.ecosystem
  FROM inventory v JOIN context x ON x.id = v.context_id WHERE v.id = :id
-- name: inventory_items
SELECT c.ecosystem, c.namespace, c.name, c.version, c.source, c.source_version, c.arch, c.module, c.origin,
       i.path, i.layer, i.owned_by, i.layer_index, c.id
  FROM inventory_item i JOIN component c ON c.id = i.component_id
 WHERE i.inventory_id = :inventory
 ORDER BY c.ecosystem, c.name, c.version, c.arch, i.path
-- name: inventory_streams
SELECT DISTINCT c.ecosystem, c.lookup_ecosystem
  FROM inventory_item i JOIN component c ON c.id = i.component_id
 WHERE i.inventory_id = :inventory AND i.owned_by = ''
 ORDER BY c.lookup_ecosystem, c.ecosystem
-- name: inventory_waiting
-- Is a package of this stream marked by a feed that is visible already, and not matched since?
SELECT count(*) FROM
  (SELECT 1 FROM inventory_item i
     JOIN component c ON c.id = i.component_id
     CROSS JOIN feed f
     JOIN feed_change w ON w.feed = f.name AND w.ecosystem IN (:stream, :family)
                       AND w.subject = c.lookup_name AND w.generation <= f.generation
    WHERE i.inventory_id = :inventory AND i.owned_by = '' AND c.lookup_ecosystem = :stream
      AND c.matched_at <= f.changed_at AND EXISTS (SELECT 1 FROM feed_change) LIMIT 1) waiting
-- name: inventory_drop_unpublished_items
DELETE FROM inventory_item WHERE inventory_id IN (SELECT id FROM inventory WHERE digest LIKE 'building:%')
-- name: inventory_drop_unpublished
DELETE FROM inventory WHERE digest LIKE 'building:%'
