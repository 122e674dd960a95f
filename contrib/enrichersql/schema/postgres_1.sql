-- Version 1. A later version only adds what an older binary does without: tables,
-- indexes, and columns that have a default.

CREATE TABLE enricher_schema (
	version BIGINT NOT NULL,
	oldest  BIGINT NOT NULL -- the version of the oldest binary that can use this schema
);

-- One row. Each writing transaction updates it first, so that one waits for the other,
-- and numbers appear in the order in which they were given.
CREATE TABLE enricher_state (
	change BIGINT NOT NULL -- the last number given to a change
);

CREATE TABLE enricher_jobs (
	no       BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	id       TEXT COLLATE "C" NOT NULL UNIQUE,
	name     TEXT COLLATE "C" NOT NULL,
	failures BIGINT NOT NULL, -- so far, removed ones included
	kept     BIGINT NOT NULL,
	last     BIGINT NOT NULL, -- its latest failure, milliseconds
	resolved BIGINT           -- since when it worked again, milliseconds
);

-- A kind is a set of labels that some failures have in common.
CREATE TABLE enricher_kinds (
	no   BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	hash TEXT COLLATE "C" NOT NULL UNIQUE
);

CREATE TABLE enricher_labels (
	key   TEXT COLLATE "C" NOT NULL,
	kind  BIGINT NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	PRIMARY KEY (key, kind)
);

CREATE INDEX enricher_labels_kind ON enricher_labels (kind);

CREATE TABLE enricher_failures (
	no      BIGINT PRIMARY KEY, -- the change that added it
	change  BIGINT NOT NULL, -- the last one
	key     TEXT COLLATE "C" NOT NULL UNIQUE,
	id      TEXT COLLATE "C" NOT NULL UNIQUE,
	given   TEXT COLLATE "C" NOT NULL, -- the ID without the suffix that makes it unique
	wanted  TEXT COLLATE "C",          -- the ID of its root, as given
	root    BIGINT,          -- the failure that it is under
	job     BIGINT NOT NULL,
	kind    BIGINT NOT NULL,
	pending BIGINT NOT NULL, -- 1 if its labels are not known yet
	at      BIGINT NOT NULL, -- microseconds since 1970
	words   TEXT COLLATE "C" NOT NULL  -- what is searched, in lower case
);

CREATE INDEX enricher_failures_at ON enricher_failures (at, no, job, kind, root, pending);
CREATE INDEX enricher_failures_job ON enricher_failures (job, at);
CREATE INDEX enricher_failures_kind ON enricher_failures (kind, at);
CREATE INDEX enricher_failures_change ON enricher_failures (change);
CREATE INDEX enricher_failures_root ON enricher_failures (root) WHERE root IS NOT NULL;
CREATE INDEX enricher_failures_orphan ON enricher_failures (wanted) WHERE root IS NULL AND wanted IS NOT NULL;

-- The rest of a failure.
CREATE TABLE enricher_bodies (
	no    BIGINT PRIMARY KEY, -- of the failure
	entry TEXT COLLATE "C" NOT NULL,      -- JSON, as the REST API has it
	wire  TEXT COLLATE "C"                -- JSON, in the form of package wire; redacted
);

-- When a value of a label occurred. It outlives the failures.
CREATE TABLE enricher_groups (
	hash  TEXT COLLATE "C" PRIMARY KEY, -- of key and value
	key   TEXT COLLATE "C" NOT NULL,
	value TEXT COLLATE "C" NOT NULL,
	first BIGINT NOT NULL, -- milliseconds
	last  BIGINT NOT NULL,
	back  TEXT COLLATE "C" NOT NULL -- when it came back, separated by spaces, the oldest first
);

CREATE INDEX enricher_groups_key ON enricher_groups (key, first);
CREATE INDEX enricher_groups_last ON enricher_groups (last);

-- The quarters of an hour that have failures, with the last change in each.
CREATE TABLE enricher_slots (
	slot   BIGINT PRIMARY KEY, -- quarters of an hour since 1970
	change BIGINT NOT NULL
);

-- What is counted of the failures of a slot, in a form that is read at once. It is out of
-- date if its change is not that of the slot.
CREATE TABLE enricher_packs (
	slot   BIGINT PRIMARY KEY,
	change BIGINT NOT NULL,
	packed BYTEA NOT NULL
);

INSERT INTO enricher_state (change) VALUES (0);
INSERT INTO enricher_schema (version, oldest) VALUES (1, 1);
