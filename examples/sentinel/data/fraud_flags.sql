-- SPDX-License-Identifier: Apache-2.0
-- Flags @from … @to, two in 25 transactions, spread at random; every tenth goes to the transaction of the one before it.
INSERT INTO fraud_flags (id, transaction_id, severity, reason, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS k,
           CASE WHEN value % 10 = 0 THEN value - 1 ELSE value END AS place,
           (value * 1103515245 + 4242) % 2147483647 AS x
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT k, place * 25 / 2 - place * 7919 % 104729 % 12 AS n, x * x % 2147483647 AS a
      FROM seeded
),
placed AS MATERIALIZED (
    SELECT k, n, a, 1735689600000000 + (n + 1 + a % 3600) * 15000000 + 1 AS us
      FROM hashed
)
SELECT k,
       n,
       CASE WHEN a % 100 < 50 THEN 'low' WHEN a % 100 < 80 THEN 'medium' WHEN a % 100 < 95 THEN 'high' ELSE 'critical' END,
       CASE a / 100 % 6 WHEN 0 THEN 'velocity above the rule''s limit' WHEN 1 THEN 'new device' WHEN 2 THEN 'country mismatch'
                        WHEN 3 THEN 'amount far above the user''s usual' WHEN 4 THEN 'listed address' ELSE NULL END,
       @moment(us)
  FROM placed ORDER BY k;
