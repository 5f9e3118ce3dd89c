-- SPDX-License-Identifier: Apache-2.0
-- Users @from … @to. User n is of organization 1 + (n - 1) % 20; the first twenty are the administrators. Four have a password,
-- password123 (argon2id of 19 MiB, twice over): test@, analyst@ and viewer@example.com of the first organization, other@ of the second.
INSERT INTO users (id, organization_id, email, name, role, password_hash, last_login, created_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n, (value * 1103515245 + 777) % 2147483647 AS x
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
hashed AS MATERIALIZED (
    SELECT n, x * x % 2147483647 AS a, 1735689600000000 + (n - 41) * 20000000000 + x % 1000000 AS us
      FROM seeded
),
seen AS MATERIALIZED (
    SELECT n, a, us, CASE a % 6 WHEN 0 THEN NULL ELSE us + a % 864000 * 1000000 END AS last_us
      FROM hashed
)
SELECT n,
       1 + (n - 1) % 20,
       CASE n WHEN 1 THEN 'test@example.com' WHEN 2 THEN 'other@example.com'
              WHEN 21 THEN 'analyst@example.com' WHEN 41 THEN 'viewer@example.com'
              ELSE 'user' || n || '@' || CASE n % 5 WHEN 0 THEN 'millrace' WHEN 1 THEN 'harbour' WHEN 2 THEN 'zuerich'
                                                    WHEN 3 THEN 'obrien' ELSE 'suisha' END || '.example' END,
       CASE a % 10 WHEN 0 THEN 'Ada' WHEN 1 THEN 'Björn' WHEN 2 THEN 'Chloé' WHEN 3 THEN 'Dmitri' WHEN 4 THEN 'Esi'
                   WHEN 5 THEN 'Farid' WHEN 6 THEN 'Grace' WHEN 7 THEN '花子' WHEN 8 THEN 'Inés' ELSE 'Jo' END
       || ' ' ||
       CASE a / 10 % 8 WHEN 0 THEN 'Anders' WHEN 1 THEN 'Bauer' WHEN 2 THEN 'Çelik' WHEN 3 THEN 'Dias' WHEN 4 THEN 'Evans'
                       WHEN 5 THEN 'Fischer' WHEN 6 THEN 'Gupta' ELSE 'van "Bo" Dijk' END,
       (CASE WHEN n <= 20 THEN 'admin' WHEN n <= 40 OR n > 41 AND a / 80 % 2 = 0 THEN 'analyst' ELSE 'viewer' END)@as(user_role),
       CASE n WHEN 1 THEN '$argon2id$v=19$m=19456,t=2,p=1$ML9zPUE/rdLCI+rZ41MbJg$uBpFNLw8PoB9SzAdbAMt16PCYb+T9Oi/WPxACcr9mHg'
              WHEN 2 THEN '$argon2id$v=19$m=19456,t=2,p=1$H3708OwH8T9sBYWtounp0g$pnnYMkORMO22fa2CRhoFl9RKSyEqwXcC+WCfSvsYCWA'
              WHEN 21 THEN '$argon2id$v=19$m=19456,t=2,p=1$ay6NyGgT12KciNvJOMSoKQ$04okYIv0ow4IQSWUhdD0L8eDxM1RtNeGYn7nWOz72jI'
              WHEN 41 THEN '$argon2id$v=19$m=19456,t=2,p=1$eXUUmDk/pGWrmSmoPfMhqw$WqjwHsBwCU4ysb04lNUPb1HaE0v2A/EJw3MWsop7HJM'
              ELSE '!' END,
       @moment(last_us),
       @moment(us)
  FROM seen ORDER BY n;
