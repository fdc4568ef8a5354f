-- The first schema. Tokens in braces differ between SQLite and PostgreSQL (store/dialect.c):
-- {ID} row id made by the database, {SERIAL} one that is never used again, {INT} 64-bit, {REAL}
-- double, {BLOB} bytes, {TEXT} text in byte order, {TABLE} table options, {CLUSTERED} table options for tables clustered by their key.
-- Times are UTC seconds; digests are text as pushed.

CREATE TABLE setting (key {TEXT} PRIMARY KEY, value {TEXT} NOT NULL) {CLUSTERED};

-- who owns what -----------------------------------------------------------------------------------
CREATE TABLE subscription (
    id {TEXT} PRIMARY KEY, name {TEXT} NOT NULL, plan {TEXT} NOT NULL DEFAULT 'Free',
    plan_since {INT} NOT NULL DEFAULT 0, created_at {INT} NOT NULL) {CLUSTERED};
CREATE TABLE registry (
    id {ID}, subscription_id {TEXT} NOT NULL REFERENCES subscription(id),
    resource_group {TEXT} NOT NULL, name {TEXT} NOT NULL UNIQUE, login_server {TEXT} NOT NULL,
    kind {TEXT} NOT NULL DEFAULT 'hosted', created_at {INT} NOT NULL) {TABLE};
CREATE TABLE repository (
    id {ID}, registry_id {INT} NOT NULL REFERENCES registry(id), name {TEXT} NOT NULL,
    created_at {INT} NOT NULL, UNIQUE (registry_id, name)) {TABLE};

-- bytes -------------------------------------------------------------------------------------------
CREATE TABLE blob (
    id {ID}, digest {TEXT} NOT NULL UNIQUE, size {INT} NOT NULL, key {TEXT} NOT NULL UNIQUE,
    created_at {INT} NOT NULL, state {TEXT} NOT NULL DEFAULT 'good') {TABLE};
CREATE TABLE repo_blob (
    repository_id {INT} NOT NULL REFERENCES repository(id), blob_id {INT} NOT NULL REFERENCES blob(id),
    lease_until {INT} NOT NULL, PRIMARY KEY (repository_id, blob_id)) {CLUSTERED};
CREATE INDEX repo_blob_by_blob ON repo_blob (blob_id);
CREATE TABLE upload (
    id {TEXT} PRIMARY KEY, repository_id {INT} NOT NULL REFERENCES repository(id),
    received {INT} NOT NULL DEFAULT 0, hash_state {BLOB}, started_at {INT} NOT NULL,
    touched_at {INT} NOT NULL) {CLUSTERED};

-- images ------------------------------------------------------------------------------------------
CREATE TABLE manifest (
    id {ID}, digest {TEXT} NOT NULL UNIQUE, kind {TEXT} NOT NULL, size {INT} NOT NULL,
    body {BLOB} NOT NULL, artifact_type {TEXT} NOT NULL DEFAULT '', subject {TEXT} NOT NULL DEFAULT '',
    annotations {TEXT} NOT NULL DEFAULT '', created_at {INT} NOT NULL) {TABLE};
CREATE INDEX manifest_by_subject ON manifest (subject);
CREATE TABLE manifest_ref (
    manifest_id {INT} NOT NULL REFERENCES manifest(id), position {INT} NOT NULL, kind {TEXT} NOT NULL,
    digest {TEXT} NOT NULL, size {INT} NOT NULL, media_type {TEXT} NOT NULL, is_foreign {INT} NOT NULL,
    platform {TEXT} NOT NULL DEFAULT '', PRIMARY KEY (manifest_id, position)) {CLUSTERED};
CREATE INDEX manifest_ref_by_digest ON manifest_ref (digest);
CREATE TABLE repo_manifest (
    repository_id {INT} NOT NULL REFERENCES repository(id),
    manifest_id {INT} NOT NULL REFERENCES manifest(id), media_type {TEXT} NOT NULL,
    pushed_at {INT} NOT NULL, last_pulled_at {INT} NOT NULL DEFAULT 0, pulls {INT} NOT NULL DEFAULT 0,
    PRIMARY KEY (repository_id, manifest_id)) {CLUSTERED};
CREATE INDEX repo_manifest_by_manifest ON repo_manifest (manifest_id);
CREATE INDEX repo_manifest_newest ON repo_manifest (pushed_at DESC, repository_id, manifest_id);
CREATE TABLE tag (
    repository_id {INT} NOT NULL REFERENCES repository(id), name {TEXT} NOT NULL,
    manifest_id {INT} NOT NULL REFERENCES manifest(id), updated_at {INT} NOT NULL,
    PRIMARY KEY (repository_id, name)) {CLUSTERED};
CREATE INDEX tag_by_manifest ON tag (manifest_id);
CREATE TABLE tag_history (
    id {ID}, repository_id {INT} NOT NULL REFERENCES repository(id), name {TEXT} NOT NULL,
    digest {TEXT} NOT NULL, changed_at {INT} NOT NULL) {TABLE};
CREATE INDEX tag_history_by_tag ON tag_history (repository_id, name);

-- work --------------------------------------------------------------------------------------------
CREATE TABLE job (
    id {SERIAL}, kind {TEXT} NOT NULL, subject {TEXT} NOT NULL, priority {INT} NOT NULL,
    trigger_name {TEXT} NOT NULL DEFAULT '', state {TEXT} NOT NULL DEFAULT 'ready',
    attempts {INT} NOT NULL DEFAULT 0, not_before {INT} NOT NULL, locked_until {INT} NOT NULL DEFAULT 0,
    created_at {INT} NOT NULL, reason {TEXT} NOT NULL DEFAULT '', UNIQUE (kind, subject)) {TABLE};
CREATE INDEX job_ready ON job (kind, state, priority, not_before, id);
CREATE TABLE event (
    id {SERIAL}, kind {TEXT} NOT NULL, subject {TEXT} NOT NULL, body {TEXT} NOT NULL,
    created_at {INT} NOT NULL) {TABLE};

-- what images contain -----------------------------------------------------------------------------
CREATE TABLE layer_read (
    layer {TEXT} NOT NULL, reader_version {INT} NOT NULL, status {TEXT} NOT NULL,
    reason {TEXT} NOT NULL DEFAULT '', facts {BLOB} NOT NULL, read_at {INT} NOT NULL,
    PRIMARY KEY (layer, reader_version)) {TABLE};
CREATE TABLE context (
    id {ID}, distro {TEXT} NOT NULL, release {TEXT} NOT NULL, ecosystem {TEXT} NOT NULL,
    UNIQUE (distro, release, ecosystem)) {TABLE};
-- everything that a verdict may read is in this key
CREATE TABLE component (
    id {ID}, ecosystem {TEXT} NOT NULL, namespace {TEXT} NOT NULL, name {TEXT} NOT NULL,
    version {TEXT} NOT NULL, source {TEXT} NOT NULL, source_version {TEXT} NOT NULL, arch {TEXT} NOT NULL,
    module {TEXT} NOT NULL, origin {TEXT} NOT NULL, context_id {INT} NOT NULL REFERENCES context(id),
    lookup_ecosystem {TEXT} NOT NULL, lookup_name {TEXT} NOT NULL, matched_at {INT} NOT NULL DEFAULT 0,
    UNIQUE (ecosystem, namespace, name, version, source, source_version, arch, module, origin, context_id))
    {TABLE};
CREATE INDEX component_by_lookup ON component (lookup_ecosystem, lookup_name);
CREATE TABLE inventory (
    id {ID}, digest {TEXT} NOT NULL UNIQUE, context_id {INT} NOT NULL REFERENCES context(id),
    coverage {TEXT} NOT NULL, incomplete {TEXT} NOT NULL DEFAULT '[]', created_at {INT} NOT NULL) {TABLE};
CREATE TABLE inventory_item (
    inventory_id {INT} NOT NULL REFERENCES inventory(id), component_id {INT} NOT NULL REFERENCES component(id),
    path {TEXT} NOT NULL, layer {TEXT} NOT NULL, layer_index {INT} NOT NULL, owned_by {TEXT} NOT NULL DEFAULT '',
    PRIMARY KEY (inventory_id, component_id, path)) {CLUSTERED};
CREATE INDEX inventory_item_by_component ON inventory_item (component_id, inventory_id);
CREATE TABLE image (
    manifest_id {INT} PRIMARY KEY REFERENCES manifest(id), inventory_id {INT} REFERENCES inventory(id),
    state {TEXT} NOT NULL, reason {TEXT} NOT NULL DEFAULT '', scanned_at {INT} NOT NULL DEFAULT 0) {TABLE};
CREATE INDEX image_by_inventory ON image (inventory_id);
CREATE TABLE scan (
    id {ID}, digest {TEXT} NOT NULL, trigger_name {TEXT} NOT NULL, asked_at {INT} NOT NULL,
    started_at {INT} NOT NULL, finished_at {INT} NOT NULL, outcome {TEXT} NOT NULL,
    reason {TEXT} NOT NULL DEFAULT '', feeds {TEXT} NOT NULL DEFAULT '') {TABLE};
CREATE INDEX scan_by_digest ON scan (digest, id);

-- what is known to be wrong -----------------------------------------------------------------------
-- A feed becomes visible by switching its generation: a row counts while
-- added_in <= feed.generation and (retired_in = 0 or retired_in > feed.generation).
CREATE TABLE feed (
    name {TEXT} PRIMARY KEY, generation {INT} NOT NULL, source {TEXT} NOT NULL DEFAULT '',
    version {TEXT} NOT NULL DEFAULT '', records {INT} NOT NULL DEFAULT 0, is_sample {INT} NOT NULL DEFAULT 0,
    updated_at {INT} NOT NULL DEFAULT 0, changed_at {INT} NOT NULL DEFAULT 0,
    failed_at {INT} NOT NULL DEFAULT 0, failure {TEXT} NOT NULL DEFAULT '',
    import_token {TEXT} NOT NULL DEFAULT '', import_until {INT} NOT NULL DEFAULT 0) {CLUSTERED};
-- which ecosystem streams a feed answers for, and since when; a stream may come in parts
CREATE TABLE feed_ecosystem (
    feed {TEXT} NOT NULL, ecosystem {TEXT} NOT NULL, part {TEXT} NOT NULL DEFAULT '',
    records {INT} NOT NULL, updated_at {INT} NOT NULL, is_complete {INT} NOT NULL,
    PRIMARY KEY (feed, ecosystem, part)) {CLUSTERED};
CREATE INDEX feed_ecosystem_by_ecosystem ON feed_ecosystem (ecosystem);
-- what imports touched and nobody has looked at yet; counts once generation <= feed.generation.
-- ecosystem '': subject is a vulnerability id
CREATE TABLE feed_change (
    feed {TEXT} NOT NULL, ecosystem {TEXT} NOT NULL, subject {TEXT} NOT NULL, generation {INT} NOT NULL,
    PRIMARY KEY (feed, ecosystem, subject, generation)) {CLUSTERED};
CREATE TABLE advisory (
    id {ID}, feed {TEXT} NOT NULL, name {TEXT} NOT NULL, content_hash {INT} NOT NULL,
    added_in {INT} NOT NULL, retired_in {INT} NOT NULL DEFAULT 0, body {BLOB} NOT NULL) {TABLE};
CREATE INDEX advisory_by_name ON advisory (feed, name);
-- body names the packages too: rows here are found from there, so that one tree is enough
CREATE TABLE affected (
    ecosystem {TEXT} NOT NULL, package {TEXT} NOT NULL, advisory_id {INT} NOT NULL,
    PRIMARY KEY (ecosystem, package, advisory_id)) {CLUSTERED};
-- ratings of one vulnerability by sources that publish ratings apart from ranges (NVD)
CREATE TABLE vulnerability (
    id {TEXT} PRIMARY KEY, feed {TEXT} NOT NULL, body {BLOB} NOT NULL,
    published_at {INT} NOT NULL DEFAULT 0, modified_at {INT} NOT NULL DEFAULT 0) {CLUSTERED};
CREATE TABLE epss (cve {TEXT} PRIMARY KEY, score {REAL} NOT NULL, percentile {REAL} NOT NULL) {CLUSTERED};
CREATE TABLE kev (
    cve {TEXT} PRIMARY KEY, added_at {INT} NOT NULL, due_at {INT} NOT NULL, ransomware {INT} NOT NULL)
    {CLUSTERED};
CREATE TABLE component_finding (
    component_id {INT} NOT NULL REFERENCES component(id), vulnerability {TEXT} NOT NULL,
    state {TEXT} NOT NULL, fixed_version {TEXT} NOT NULL DEFAULT '', severity {INT} NOT NULL,
    score {REAL} NOT NULL DEFAULT -1, feed {TEXT} NOT NULL, body {BLOB} NOT NULL, since {INT} NOT NULL,
    PRIMARY KEY (component_id, vulnerability)) {CLUSTERED};
CREATE INDEX component_finding_by_vulnerability ON component_finding (vulnerability);
