-- SPDX-License-Identifier: Apache-2.0
-- Transactions @from … @to, one each 15 seconds from 2025-01-01 on. A row is made from its number alone, so loading in
-- steps gives what loading at once gives. a, b and c are hashes of the number: squares modulo a prime.
-- One row in ten belongs to a burst of five that share their moment; one in twenty has not been scored.
-- The metadata's text is what jsonb would print (shorter keys first, one space after : and ,): equal on both stores.
INSERT INTO transactions (id, user_id, amount, status, industry, fraud_score, created_at, metadata)
WITH seeded AS MATERIALIZED (
    SELECT value AS n,
           CASE WHEN value / 5 % 10 = 0 THEN value - value % 5 ELSE value END AS slot,
           (value * 1103515245 + 12345) % 2147483647 AS x,
           (value * 1664525 + 1013904223) % 2147483647 AS y,
           (value * 22695477 + 271828) % 2147483647 AS z
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, slot, x * x % 2147483647 AS a, y * y % 2147483647 AS b, z * z % 2147483647 AS c
      FROM seeded
),
drawn AS MATERIALIZED (
    SELECT n, a, b, c,
           1 + a % (20 + n / 200) AS user_id,
           100 + a / 3 % 2000 * (b / 5 % 500) AS cents,
           CASE WHEN c % 20 = 0 THEN NULL ELSE 1 + c / 20 % 100 * (b / 2500 % 100) END AS score,
           1735689600000000 + slot * 15000000 + slot * 7919 % 1499999 * 10 + 1 + slot % 9 AS us
      FROM hashed
)
SELECT n,
       user_id,
       @amount,
       CASE WHEN score IS NULL THEN 'pending' WHEN score > 7000 THEN 'declined'
            WHEN score > 5000 THEN 'review' ELSE 'approved' END,
       @industry(user_id),
       score / 10000.0,
       @moment(us),
       @json('{"ip": "10.' || (b % 4) || '.' || (b / 4 % 256) || '.' || (b / 1024 % 64)
       || '", "mcc": ' || CASE a % 5 WHEN 0 THEN '5411' WHEN 1 THEN '5732' WHEN 2 THEN '6051' WHEN 3 THEN '7995' ELSE '4829' END
       || ', "note": ' || CASE c % 3 WHEN 0 THEN 'null' WHEN 1 THEN '"first order"' ELSE '"repeat customer"' END
       || ', "tags": ' || CASE b % 4 WHEN 0 THEN '[]' WHEN 1 THEN '["card"]' WHEN 2 THEN '["card", "recurring"]'
                                     ELSE '["wallet", "3ds"]' END
       || ', "device": "device-' || (a / 7 % 20000)
       || '", "channel": ' || CASE c / 3 % 3 WHEN 0 THEN '"mobile"' WHEN 1 THEN '"web"' ELSE '"api"' END
       || ', "country": "' || CASE b / 7 % 8 WHEN 0 THEN 'DE' WHEN 1 THEN 'US' WHEN 2 THEN 'GB' WHEN 3 THEN 'FR' WHEN 4 THEN 'BR'
                                             WHEN 5 THEN 'JP' WHEN 6 THEN 'NG' ELSE 'IN' END
       || '", "currency": "' || CASE b / 7 % 4 WHEN 0 THEN 'EUR' WHEN 1 THEN 'USD' WHEN 2 THEN 'GBP' ELSE 'JPY' END
       || '", "merchant": "' || CASE a / 11 % 4 WHEN 0 THEN 'Café Zürich' WHEN 1 THEN 'Millrace Books'
                                                WHEN 2 THEN 'Harbour & Sons' ELSE 'Kiosk \"Nord\"' END || ' ' || (a / 50 % 900)
       || '", "velocity": {"day": ' || (1 + c / 9 % 40) || ', "hour": ' || (c / 360 % 9) || '}}')
  FROM drawn ORDER BY n;
