-- SPDX-License-Identifier: Apache-2.0
-- The tables on SQLite. Leat reads the declared types: TIMESTAMP is a text YYYY-MM-DDTHH:MM:SS.ffffffZ (so that text order
-- is time order).
CREATE TABLE IF NOT EXISTS users (
    id             INTEGER PRIMARY KEY,
    email          TEXT NOT NULL UNIQUE CHECK (email LIKE '%_@_%'),
    name           TEXT NOT NULL,
    password_hash  TEXT NOT NULL DEFAULT '!',           -- '!': no password opens it
    last_login     TIMESTAMP,                           -- NULL: never yet
    created_at     TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);

CREATE TABLE IF NOT EXISTS events (
    id          INTEGER PRIMARY KEY,
    user_id     INTEGER NOT NULL REFERENCES users (id),
    title       TEXT NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    category    TEXT NOT NULL DEFAULT 'other' CHECK (category IN ('work', 'study', 'health', 'family', 'travel', 'other')),
    starts_at   TIMESTAMP NOT NULL,
    minutes     INTEGER CHECK (minutes BETWEEN 1 AND 10080), -- NULL: it has no end
    status      TEXT NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'done', 'cancelled')),
    place       TEXT,                                   -- NULL: anywhere
    created_at  TIMESTAMP NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%f000Z', 'now'))
);
