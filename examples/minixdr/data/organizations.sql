-- SPDX-License-Identifier: Apache-2.0
-- Organizations @from … @to.
INSERT INTO organizations (id, name, plan, created_at)
WITH numbered AS (
    SELECT value AS n, 1735689600000000 - (21 - value) * 86400000000 AS us
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
)
SELECT n,
       CASE n % 5 WHEN 0 THEN 'Millrace' WHEN 1 THEN 'Harbour' WHEN 2 THEN 'Zürich' WHEN 3 THEN 'O''Brien' ELSE '水車' END
       || ' ' ||
       CASE (n - 1) / 5 WHEN 0 THEN 'Bank' WHEN 1 THEN 'Clinics' WHEN 2 THEN 'Power' ELSE 'Freight' END,
       CASE n % 3 WHEN 0 THEN 'free' WHEN 1 THEN 'enterprise' ELSE 'team' END,
       @moment(us)
  FROM numbered ORDER BY n;
