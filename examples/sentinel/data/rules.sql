-- SPDX-License-Identifier: Apache-2.0
-- Rules @from … @to: each industry has one of each kind.
INSERT INTO rules (id, industry, name, kind, threshold, enabled, config)
WITH numbered AS (
    SELECT value AS n, (value - 1) / 6 AS place, (value - 1) % 6 AS sort, 5000 + value * 250000 % 1900000 AS cents
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
named AS (
    SELECT n, @industry(place) AS industry, CASE sort WHEN 5 THEN NULL ELSE cents END AS cents,
           CASE sort WHEN 0 THEN 'amount' WHEN 1 THEN 'velocity' WHEN 2 THEN 'country' WHEN 3 THEN 'device'
                     WHEN 4 THEN 'score' ELSE 'list' END AS kind
      FROM numbered
)
SELECT n,
       industry,
       industry || ' ' || kind || ' check',
       kind,
       @amount,
       @boolean(n % 7 <> 0),
       @json('{"window": "' || (1 + n % 24) || 'h", "actions": ["' || CASE n % 3 WHEN 0 THEN 'review' WHEN 1 THEN 'decline' ELSE 'notify' END
       || '"], "priority": ' || (n % 5) || '}')
  FROM named ORDER BY n;
