-- SPDX-License-Identifier: Apache-2.0
-- A user's events in the order of time, and all that the figures need of them: read from the index alone.
CREATE INDEX IF NOT EXISTS ix_events_user_starts    ON events (user_id, starts_at);
CREATE INDEX IF NOT EXISTS ix_events_user_category  ON events (user_id, category, status, minutes, starts_at);
