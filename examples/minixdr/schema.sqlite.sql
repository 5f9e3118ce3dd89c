-- SPDX-License-Identifier: Apache-2.0
-- The tables on SQLite. Leat reads the declared types: TIMESTAMP is a text YYYY-MM-DDTHH:MM:SS.ffffffZ (so that text order
-- is time order), JSON a checked text; the enum of PostgreSQL is a CHECK here.
CREATE TABLE IF NOT EXISTS organizations (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    plan        TEXT NOT NULL DEFAULT 'free' CHECK (plan IN ('free', 'team', 'enterprise')),
    created_at  TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE TABLE IF NOT EXISTS users (
    id               INTEGER PRIMARY KEY,
    organization_id  INTEGER NOT NULL REFERENCES organizations (id),
    email            TEXT NOT NULL UNIQUE CHECK (email LIKE '%_@_%'),
    name             TEXT NOT NULL,
    role             TEXT NOT NULL DEFAULT 'viewer' CHECK (role IN ('viewer', 'analyst', 'admin')),
    password_hash    TEXT NOT NULL DEFAULT '!',         -- '!': no password opens it
    last_login       TIMESTAMP,                         -- NULL: never yet
    created_at       TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE TABLE IF NOT EXISTS events (
    id               INTEGER PRIMARY KEY,
    organization_id  INTEGER NOT NULL REFERENCES organizations (id),
    ts               TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    src_ip           TEXT NOT NULL CHECK (src_ip <> ''),
    dst_ip           TEXT,                              -- NULL: the source names none
    source_type      TEXT NOT NULL CHECK (source_type IN ('firewall', 'ids', 'honeypot', 'endpoint', 'auth', 'dns')),
    severity         TEXT NOT NULL DEFAULT 'low' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    message          TEXT NOT NULL,
    raw              JSON NOT NULL DEFAULT '{}',        -- what the source sent
    deleted_at       TIMESTAMP                          -- not NULL: deleted
);

CREATE TABLE IF NOT EXISTS incidents (
    id                INTEGER PRIMARY KEY,
    organization_id   INTEGER NOT NULL REFERENCES organizations (id),
    src_ip            TEXT NOT NULL CHECK (src_ip <> ''),
    reason            TEXT NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
    severity          TEXT NOT NULL DEFAULT 'medium' CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    status            TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'open', 'contained', 'resolved', 'dismissed')),
    escalation_level  INTEGER NOT NULL DEFAULT 0 CHECK (escalation_level BETWEEN 0 AND 5),
    assigned_user_id  INTEGER REFERENCES users (id),   -- NULL: nobody's yet
    created_by        TEXT,                             -- a detector's name or a user's id
    created_at        TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    updated_at        TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')),
    CONSTRAINT incidents_new_is_not_escalated CHECK (status <> 'new' OR escalation_level = 0)
);

CREATE TABLE IF NOT EXISTS action_logs (
    id               INTEGER PRIMARY KEY,
    organization_id  INTEGER NOT NULL REFERENCES organizations (id),
    incident_id      INTEGER NOT NULL REFERENCES incidents (id),
    user_id          INTEGER REFERENCES users (id),    -- NULL: done by a playbook
    action           TEXT NOT NULL CHECK (action IN ('block_ip', 'isolate_host', 'reset_password', 'escalate', 'comment')),
    outcome          TEXT NOT NULL DEFAULT 'done' CHECK (outcome IN ('done', 'failed', 'undone')),
    detail           TEXT,
    created_at       TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE TABLE IF NOT EXISTS audit_logs (
    id               INTEGER PRIMARY KEY,
    organization_id  INTEGER NOT NULL REFERENCES organizations (id),
    user_id          INTEGER NOT NULL REFERENCES users (id),
    action           TEXT NOT NULL CHECK (action IN ('login', 'login_failed', 'read', 'update', 'delete', 'export')),
    target           TEXT,                              -- incidents/17; NULL at logins
    address          TEXT NOT NULL,
    created_at       TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);
