-- SPDX-License-Identifier: Apache-2.0
-- The application's six indexes, then the two by which rows are found from the other side of a key. The last of the six
-- is a BRIN index on PostgreSQL; SQLite has B-trees only.
CREATE INDEX IF NOT EXISTS ix_events_org_ts_severity        ON events (organization_id, ts, severity);
CREATE INDEX IF NOT EXISTS ix_events_org_src_ip             ON events (organization_id, src_ip);
CREATE INDEX IF NOT EXISTS ix_events_source_type_ts         ON events (source_type, ts) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS ix_incidents_org_status_severity ON incidents (organization_id, status, escalation_level);
CREATE INDEX IF NOT EXISTS ix_incidents_created_at_desc     ON incidents (created_at DESC);
CREATE INDEX IF NOT EXISTS ix_audit_logs_org_created        ON audit_logs (organization_id, created_at);

CREATE INDEX IF NOT EXISTS ix_action_logs_incident_id       ON action_logs (incident_id);
CREATE INDEX IF NOT EXISTS ix_incidents_assigned_user_id    ON incidents (assigned_user_id);
