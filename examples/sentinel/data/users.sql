-- SPDX-License-Identifier: Apache-2.0
-- Users @from … @to. User n comes one span of 200 transactions after user n - 1; the first twenty were there before.
INSERT INTO users (id, email, name, industry, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n, (value * 1103515245 + 777) % 2147483647 AS x
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, x * x % 2147483647 AS a, 1735689600000000 + (n - 21) * 3000000000 + x % 1000000 * 10 + 1 AS us
      FROM seeded
)
SELECT n,
       'user' || n || CASE a % 4 WHEN 0 THEN '@mill.example' WHEN 1 THEN '@weir.example'
                                 WHEN 2 THEN '@sluice.example' ELSE '@pond.example' END,
       CASE a / 4 % 10 WHEN 0 THEN 'Ada' WHEN 1 THEN 'Björn' WHEN 2 THEN 'Chloé' WHEN 3 THEN 'Dmitri' WHEN 4 THEN 'Esi'
                       WHEN 5 THEN 'Farid' WHEN 6 THEN 'Grace' WHEN 7 THEN '花子' WHEN 8 THEN 'Inés' ELSE 'Jo' END
       || ' ' ||
       CASE a / 40 % 9 WHEN 0 THEN 'Anders' WHEN 1 THEN 'Bauer' WHEN 2 THEN 'Çelik' WHEN 3 THEN 'Dias' WHEN 4 THEN 'Evans'
                       WHEN 5 THEN 'Fischer' WHEN 6 THEN 'Gupta' WHEN 7 THEN 'O''Brien' ELSE 'van "Bo" Dijk' END,
       @industry(n),
       @moment(us)
  FROM hashed ORDER BY n;
