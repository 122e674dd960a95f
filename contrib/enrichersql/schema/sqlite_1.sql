-- Version 1. A later version only adds what an older binary does without: tables,
-- indexes, and columns that have a default.

CREATE TABLE enricher_schema (
	version INTEGER NOT NULL,
	oldest  INTEGER NOT NULL -- the version of the oldest binary that can use this schema
);

-- One row. Each writing transaction updates it first, so that one waits for the other,
-- and numbers appear in the order in which they were given.
CREATE TABLE enricher_state (
	change INTEGER NOT NULL -- the last number given to a change
);

CREATE TABLE enricher_jobs (
	no       INTEGER PRIMARY KEY,
	id       TEXT NOT NULL UNIQUE,
	name     TEXT NOT NULL,
	failures INTEGER NOT NULL, -- so far, removed ones included
	kept     INTEGER NOT NULL,
	last     INTEGER NOT NULL, -- its latest failure, milliseconds
	resolved INTEGER           -- since when it worked again, milliseconds
);

-- A kind is a set of labels that some failures have in common.
CREATE TABLE enricher_kinds (
	no   INTEGER PRIMARY KEY,
	hash TEXT NOT NULL UNIQUE
);

CREATE TABLE enricher_labels (
	key   TEXT NOT NULL,
	kind  INTEGER NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (key, kind)
) WITHOUT ROWID;

CREATE INDEX enricher_labels_kind ON enricher_labels (kind);

CREATE TABLE enricher_failures (
	no      INTEGER PRIMARY KEY, -- the change that added it
	change  INTEGER NOT NULL, -- the last one
	key     TEXT NOT NULL UNIQUE,
	id      TEXT NOT NULL UNIQUE,
	given   TEXT NOT NULL, -- the ID without the suffix that makes it unique
	wanted  TEXT,          -- the ID of its root, as given
	root    INTEGER,          -- the failure that it is under
	job     INTEGER NOT NULL,
	kind    INTEGER NOT NULL,
	pending INTEGER NOT NULL, -- 1 if its labels are not known yet
	at      INTEGER NOT NULL, -- microseconds since 1970
	words   TEXT NOT NULL  -- what is searched, in lower case
);

CREATE INDEX enricher_failures_at ON enricher_failures (at, no, job, kind, root, pending);
CREATE INDEX enricher_failures_job ON enricher_failures (job, at);
CREATE INDEX enricher_failures_kind ON enricher_failures (kind, at);
CREATE INDEX enricher_failures_change ON enricher_failures (change);
CREATE INDEX enricher_failures_root ON enricher_failures (root) WHERE root IS NOT NULL;
CREATE INDEX enricher_failures_orphan ON enricher_failures (wanted) WHERE root IS NULL AND wanted IS NOT NULL;

-- The rest of a failure.
CREATE TABLE enricher_bodies (
	no    INTEGER PRIMARY KEY, -- of the failure
	entry TEXT NOT NULL,      -- JSON, as the REST API has it
	wire  TEXT                -- JSON, in the form of package wire; redacted
);

-- When a value of a label occurred. It outlives the failures.
CREATE TABLE enricher_groups (
	hash  TEXT PRIMARY KEY, -- of key and value
	key   TEXT NOT NULL,
	value TEXT NOT NULL,
	first INTEGER NOT NULL, -- milliseconds
	last  INTEGER NOT NULL,
	back  TEXT NOT NULL -- when it came back, separated by spaces, the oldest first
) WITHOUT ROWID;

CREATE INDEX enricher_groups_key ON enricher_groups (key, first);
CREATE INDEX enricher_groups_last ON enricher_groups (last);

-- The quarters of an hour that have failures, with the last change in each.
CREATE TABLE enricher_slots (
	slot   INTEGER PRIMARY KEY, -- quarters of an hour since 1970
	change INTEGER NOT NULL
);

-- What is counted of the failures of a slot, in a form that is read at once. It is out of
-- date if its change is not that of the slot.
CREATE TABLE enricher_packs (
	slot   INTEGER PRIMARY KEY,
	change INTEGER NOT NULL,
	packed BLOB NOT NULL
);

INSERT INTO enricher_state (change) VALUES (0);
INSERT INTO enricher_schema (version, oldest) VALUES (1, 1);
