-- SPDX-License-Identifier: Apache-2.0
-- Events @from … @to. A row is made from its number alone, so loading in steps gives what loading at once gives. a and b are hashes:
-- squares modulo a prime. Event n is a quarter of an hour's, from 2025-01-01 on, and user 1's in one case of ten; one in twenty
-- has no end, one in five no place.
INSERT INTO events (id, user_id, title, category, starts_at, minutes, status, place, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n,
           (value * 1103515245 + 12345) % 2147483647 AS x,
           (value * 1664525 + 1013904223) % 2147483647 AS y
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, x * x % 2147483647 AS a, y * y % 2147483647 AS b FROM seeded
),
drawn AS MATERIALIZED (
    SELECT n, a, b,
           CASE a % 10 WHEN 0 THEN 1 ELSE 1 + a / 10 % (10 + n / 500) END AS user_id,
           @category(b) AS category,
           1735689600000000 + n * 900000000 AS us,
           1735689600000000 + n * 900000000 - (1 + b / 6 % 14) * 86400000000 + a % 1000000 AS made_us
      FROM hashed
)
SELECT n,
       user_id,
       CASE category WHEN 'work' THEN CASE b / 6 % 3 WHEN 0 THEN 'Review with ' WHEN 1 THEN 'Planning with ' ELSE 'Call: ' END
                     WHEN 'study' THEN CASE b / 6 % 2 WHEN 0 THEN 'Lecture: ' ELSE 'Reading: ' END
                     WHEN 'health' THEN CASE b / 6 % 3 WHEN 0 THEN 'Run with ' WHEN 1 THEN 'Dentist, ' ELSE 'Yoga, ' END
                     WHEN 'family' THEN 'Dinner with ' WHEN 'travel' THEN 'Train to ' ELSE 'Remember ' END
       || CASE category WHEN 'travel' THEN CASE a / 70 % 4 WHEN 0 THEN 'Zürich' WHEN 1 THEN 'Århus' WHEN 2 THEN 'Kyōto' ELSE 'Porto' END
                        ELSE CASE a / 70 % 5 WHEN 0 THEN 'Ada' WHEN 1 THEN 'Björn' WHEN 2 THEN 'Chloé' WHEN 3 THEN 'O''Brien' ELSE 'the "team"' END
          END,
       category,
       @moment(us),
       CASE b / 30 % 20 WHEN 0 THEN NULL ELSE 15 * (1 + b / 600 % 16) END,
       CASE WHEN a / 350 % 12 = 0 THEN 'cancelled' WHEN a / 350 % 12 < 8 THEN 'done' ELSE 'planned' END,
       CASE a / 4200 % 5 WHEN 0 THEN NULL WHEN 1 THEN 'office' WHEN 2 THEN 'home' WHEN 3 THEN 'Café Zürich' ELSE 'online' END,
       @moment(made_us)
  FROM drawn ORDER BY n;
