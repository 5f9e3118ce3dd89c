-- SPDX-License-Identifier: Apache-2.0
-- Audit entries @from … @to, growing in time: what a BRIN index is for.
INSERT INTO audit_logs (id, organization_id, user_id, action, target, address, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS k, (value * 1664525 + 606) % 2147483647 AS y
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT k, y * y % 2147483647 AS b, 1735689600000000 + k * 400000000 + y % 399 * 1000000 AS us FROM seeded
),
drawn AS MATERIALIZED (
    SELECT k, b, us, 1 + b % (40 + k / 50) AS user_id FROM hashed
)
SELECT k,
       1 + (user_id - 1) % 20,
       user_id,
       CASE WHEN b % 10 < 3 THEN 'login' WHEN b % 10 < 4 THEN 'login_failed' WHEN b % 10 < 8 THEN 'read' WHEN b % 10 < 9 THEN 'update'
            WHEN b % 100 < 95 THEN 'delete' ELSE 'export' END,
       CASE WHEN b % 10 < 4 THEN NULL ELSE 'incidents/' || (1 + k * 2 / 5) END,
       '10.' || (b / 100 % 20) || '.' || (b / 2000 % 16) || '.' || (1 + b / 32000 % 250),
       @moment(us)
  FROM drawn ORDER BY k;
