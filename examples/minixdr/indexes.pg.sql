-- SPDX-License-Identifier: Apache-2.0
-- The application's six indexes, then the two by which rows are found from the other side of a key, then the keys.
CREATE INDEX IF NOT EXISTS ix_events_org_ts_severity        ON events (organization_id, ts, severity);
CREATE INDEX IF NOT EXISTS ix_events_org_src_ip             ON events (organization_id, src_ip);
CREATE INDEX IF NOT EXISTS ix_events_source_type_ts         ON events (source_type, ts) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS ix_incidents_org_status_severity ON incidents (organization_id, status, escalation_level);
CREATE INDEX IF NOT EXISTS ix_incidents_created_at_desc     ON incidents (created_at DESC);
CREATE INDEX IF NOT EXISTS ix_audit_logs_org_created        ON audit_logs USING brin (organization_id, created_at);

CREATE INDEX IF NOT EXISTS ix_action_logs_incident_id       ON action_logs (incident_id);
CREATE INDEX IF NOT EXISTS ix_incidents_assigned_user_id    ON incidents (assigned_user_id);

-- ADD CONSTRAINT has no IF NOT EXISTS: dropping first (which is instant) makes this file one that can be run again.
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_organization_id_fkey,
    ADD CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE events DROP CONSTRAINT IF EXISTS events_organization_id_fkey,
    ADD CONSTRAINT events_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE incidents DROP CONSTRAINT IF EXISTS incidents_organization_id_fkey,
    ADD CONSTRAINT incidents_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE incidents DROP CONSTRAINT IF EXISTS incidents_assigned_user_id_fkey,
    ADD CONSTRAINT incidents_assigned_user_id_fkey FOREIGN KEY (assigned_user_id) REFERENCES users (id);
ALTER TABLE action_logs DROP CONSTRAINT IF EXISTS action_logs_organization_id_fkey,
    ADD CONSTRAINT action_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE action_logs DROP CONSTRAINT IF EXISTS action_logs_incident_id_fkey,
    ADD CONSTRAINT action_logs_incident_id_fkey FOREIGN KEY (incident_id) REFERENCES incidents (id);
ALTER TABLE action_logs DROP CONSTRAINT IF EXISTS action_logs_user_id_fkey,
    ADD CONSTRAINT action_logs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
ALTER TABLE audit_logs DROP CONSTRAINT IF EXISTS audit_logs_organization_id_fkey,
    ADD CONSTRAINT audit_logs_organization_id_fkey FOREIGN KEY (organization_id) REFERENCES organizations (id);
ALTER TABLE audit_logs DROP CONSTRAINT IF EXISTS audit_logs_user_id_fkey,
    ADD CONSTRAINT audit_logs_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id);
