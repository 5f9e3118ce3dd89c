-- SPDX-License-Identifier: Apache-2.0
-- A user's events in the order of time, and all that the figures need of them: read from the index alone. Then the key.
CREATE INDEX IF NOT EXISTS ix_events_user_starts    ON events (user_id, starts_at);
CREATE INDEX IF NOT EXISTS ix_events_user_category  ON events (user_id, category, status, minutes, starts_at);

-- ADD CONSTRAINT has no IF NOT EXISTS: dropping first (which is instant) makes this file one that can be run again.
ALTER TABLE events DROP CONSTRAINT IF EXISTS events_user_id_fkey,
    ADD CONSTRAINT events_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
