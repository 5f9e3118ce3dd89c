-- SPDX-License-Identifier: Apache-2.0
-- Users @from … @to. The first two are test@example.com and other@example.com, whose password is password123 (argon2id of 19 MiB,
-- twice over); nobody else has one.
INSERT INTO users (id, email, name, password_hash, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n, (value * 1103515245 + 777) % 2147483647 AS x
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, x * x % 2147483647 AS a, 1735689600000000 + (n - 11) * 3600000000 + x % 1000000 AS us
      FROM seeded
)
SELECT n,
       CASE n WHEN 1 THEN 'test@example.com' WHEN 2 THEN 'other@example.com' ELSE 'user' || n || '@planner.example' END,
       CASE a % 6 WHEN 0 THEN 'Ada' WHEN 1 THEN 'Björn' WHEN 2 THEN 'Chloé' WHEN 3 THEN 'Dmitri' WHEN 4 THEN 'Esi' ELSE '花子' END
       || ' ' ||
       CASE a / 6 % 4 WHEN 0 THEN 'Anders' WHEN 1 THEN 'Bauer' WHEN 2 THEN 'Çelik' ELSE 'O''Brien' END,
       CASE n WHEN 1 THEN '$argon2id$v=19$m=19456,t=2,p=1$ML9zPUE/rdLCI+rZ41MbJg$uBpFNLw8PoB9SzAdbAMt16PCYb+T9Oi/WPxACcr9mHg'
              WHEN 2 THEN '$argon2id$v=19$m=19456,t=2,p=1$H3708OwH8T9sBYWtounp0g$pnnYMkORMO22fa2CRhoFl9RKSyEqwXcC+WCfSvsYCWA'
              ELSE '!' END,
       @moment(us)
  FROM hashed ORDER BY n;
