-- SPDX-License-Identifier: Apache-2.0
-- Incidents @from … @to, one for fifty events. User organization + 20 * k is of the organization.
INSERT INTO incidents (id, organization_id, src_ip, reason, severity, status, escalation_level, assigned_user_id, created_by,
                       created_at, updated_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n, (value * 1103515245 + 99) % 2147483647 AS x, (value * 1664525 + 4321) % 2147483647 AS y
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, x * x % 2147483647 AS a, y * y % 2147483647 AS b FROM seeded
),
drawn AS MATERIALIZED (
    SELECT n, a, b, @organization(a) AS organization,
           CASE WHEN b % 10 < 1 THEN 'new' WHEN b % 10 < 3 THEN 'open' WHEN b % 10 < 4 THEN 'contained' WHEN b % 10 < 8 THEN 'resolved'
                ELSE 'dismissed' END AS status,
           @incident_us(n) AS us
      FROM hashed
),
changed AS MATERIALIZED (
    SELECT n, a, b, organization, status, us,
           CASE status WHEN 'new' THEN us ELSE us + (600 + b / 10 % 86400) * 1000000 END AS changed_us
      FROM drawn
)
SELECT n,
       organization,
       @attacker(b),
       CASE a / 400 % 5 WHEN 0 THEN 'Brute force detected' WHEN 1 THEN 'Port scan' WHEN 2 THEN 'Lateral movement'
                        WHEN 3 THEN 'Beacon to a listed name' ELSE 'Login from a listed address' END,
       @severity(a),
       status,
       CASE status WHEN 'new' THEN 0 ELSE a / 2000 % 6 * (b / 100 % 6) / 6 END,
       CASE WHEN status = 'new' OR b / 600 % 4 = 0 THEN NULL ELSE organization + 20 * (b / 2400 % (2 + n / 400)) END,
       CASE b / 10 % 3 WHEN 0 THEN 'bruteforce detector' WHEN 1 THEN 'scan detector' ELSE NULL END,
       @moment(us),
       @moment(changed_us)
  FROM changed ORDER BY n;
