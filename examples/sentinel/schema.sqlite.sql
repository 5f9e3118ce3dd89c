-- SPDX-License-Identifier: Apache-2.0
-- The tables on SQLite. Leat reads the declared types: DECIMAL(12,2) is an INTEGER of hundredths, TIMESTAMP a text
-- YYYY-MM-DDTHH:MM:SS.ffffffZ (so that text order is time order), JSON a text, BOOLEAN 0 or 1.
CREATE TABLE IF NOT EXISTS users (
    id          INTEGER PRIMARY KEY,
    email       TEXT NOT NULL UNIQUE,
    name        TEXT NOT NULL,
    industry    TEXT NOT NULL,
    created_at  TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS transactions (
    id           INTEGER PRIMARY KEY,
    user_id      INTEGER NOT NULL REFERENCES users (id),
    amount       DECIMAL(12,2) NOT NULL,
    status       TEXT NOT NULL CHECK (status IN ('pending', 'approved', 'review', 'declined')),
    industry     TEXT NOT NULL,
    fraud_score  DOUBLE PRECISION,                      -- NULL: not scored yet
    created_at   TIMESTAMP NOT NULL,
    metadata     JSON NOT NULL
);

CREATE TABLE IF NOT EXISTS fraud_flags (
    id              INTEGER PRIMARY KEY,
    transaction_id  INTEGER NOT NULL REFERENCES transactions (id),
    severity        TEXT NOT NULL CHECK (severity IN ('low', 'medium', 'high', 'critical')),
    reason          TEXT,                               -- NULL: set by hand, without a word
    created_at      TIMESTAMP NOT NULL
);

CREATE TABLE IF NOT EXISTS rules (
    id         INTEGER PRIMARY KEY,
    industry   TEXT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    threshold  DECIMAL(12,2),                           -- NULL: the rule has none
    enabled    BOOLEAN NOT NULL,
    config     JSON NOT NULL,
    UNIQUE (industry, name)
);
