-- SPDX-License-Identifier: Apache-2.0
-- Actions @from … @to: two an incident on the average, none on some. An incident's organization is made as in incidents.sql.
INSERT INTO action_logs (id, organization_id, incident_id, user_id, action, outcome, detail, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS k, (value * 22695477 + 31337) % 2147483647 AS y
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT k, y * y % 2147483647 AS b FROM seeded
),
placed AS MATERIALIZED (
    SELECT k, b, 1 + (k - 1) / 2 - (k - 1) / 2 % 4 * (b % 2) AS n FROM hashed
),
incidents_hashed AS MATERIALIZED (
    SELECT k, b, n, (n * 1103515245 + 99) % 2147483647 AS x FROM placed
),
drawn AS MATERIALIZED (
    SELECT k, b, n, x * x % 2147483647 AS a FROM incidents_hashed
),
done AS MATERIALIZED (
    SELECT k, b, n, @organization(a) AS organization, @incident_us(n) AS incident_us FROM drawn
),
timed AS MATERIALIZED (
    SELECT k, b, n, organization, incident_us + (30 + b / 2 % 7200) * 1000000 AS us FROM done
)
SELECT k,
       organization,
       n,
       CASE b / 6 % 3 WHEN 0 THEN NULL ELSE organization + 20 * (b / 18 % (2 + n / 400)) END,
       CASE b / 2 % 5 WHEN 0 THEN 'block_ip' WHEN 1 THEN 'isolate_host' WHEN 2 THEN 'reset_password' WHEN 3 THEN 'escalate'
                      ELSE 'comment' END,
       CASE WHEN b / 10 % 12 = 0 THEN 'failed' WHEN b / 10 % 12 = 1 THEN 'undone' ELSE 'done' END,
       CASE b / 120 % 3 WHEN 0 THEN NULL WHEN 1 THEN 'by playbook ' || (1 + b / 360 % 30) ELSE 'seen before: “false alarm”?' END,
       @moment(us)
  FROM timed ORDER BY k;
