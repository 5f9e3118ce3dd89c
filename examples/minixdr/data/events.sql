-- SPDX-License-Identifier: Apache-2.0
-- Events @from … @to, one each 20 seconds from 2025-01-01 on. A row is made from its number alone, so loading in steps gives
-- what loading at once gives. a, b and c are hashes: squares modulo a prime; a is that of the slot.
-- One row in ten belongs to an attack: five events at the same moment, from one source, on one organization.
-- One in fifty was deleted. The text of raw is what jsonb would print (shorter keys first): equal on both stores.
INSERT INTO events (id, organization_id, ts, src_ip, dst_ip, source_type, severity, message, raw, deleted_at)
WITH seeded AS MATERIALIZED (
    SELECT value AS n,
           CASE WHEN value / 5 % 10 = 0 THEN value - value % 5 ELSE value END AS slot,
           (value * 1664525 + 1013904223) % 2147483647 AS y,
           (value * 22695477 + 271828) % 2147483647 AS z
      FROM generate_series(CAST(@from AS bigint), CAST(@to AS bigint)) AS value
),
slots AS MATERIALIZED (
    SELECT n, slot, y, z, (slot * 1103515245 + 12345) % 2147483647 AS x FROM seeded
),
hashed AS MATERIALIZED (
    SELECT n, slot, x * x % 2147483647 AS a, y * y % 2147483647 AS b, z * z % 2147483647 AS c FROM slots
),
drawn AS MATERIALIZED (
    SELECT n, slot, a, b, c,
           CASE c % 6 WHEN 0 THEN 'firewall' WHEN 1 THEN 'ids' WHEN 2 THEN 'honeypot' WHEN 3 THEN 'endpoint' WHEN 4 THEN 'auth'
                      ELSE 'dns' END AS source_type,
           CASE b / 7 % 5 WHEN 0 THEN 22 WHEN 1 THEN 443 WHEN 2 THEN 3389 WHEN 3 THEN 445 ELSE 53 END AS port,
           1735689600000000 + slot * 20000000 + slot * 7919 % 1999999 * 10 + 1 + slot % 9 AS us
      FROM hashed
),
placed AS MATERIALIZED (
    SELECT n, a, b, c, source_type, port, us,
           CASE WHEN slot % 5 = 0 AND slot / 5 % 10 = 0 OR a % 3 = 0 THEN @attacker(a)
                ELSE '10.' || (a / 3 % 20) || '.' || (a / 60 % 16) || '.' || (1 + a / 960 % 250) END AS src_ip,
           CASE WHEN c / 600 % 50 = 0 THEN us + 86400000000 ELSE NULL END AS deleted_us
      FROM drawn
)
SELECT n,
       @organization(a),
       @moment(us),
       src_ip,
       CASE source_type WHEN 'auth' THEN NULL ELSE '10.200.' || (b % 8) || '.' || (1 + b / 8 % 250) END,
       source_type,
       @severity(b),
       CASE source_type WHEN 'firewall' THEN 'denied tcp to port ' || port WHEN 'ids' THEN 'signature ' || (2000 + b / 35 % 400)
                        WHEN 'honeypot' THEN 'session opened on port ' || port WHEN 'endpoint' THEN 'process “rundll32” started'
                        WHEN 'auth' THEN 'login failed for user' || (1 + b / 35 % 40) ELSE 'query for a listed name' END,
       @json('{"geo": ' || CASE c / 6 % 4 WHEN 0 THEN 'null' WHEN 1 THEN '{"asn": 64500, "country": "NL"}'
                                          WHEN 2 THEN '{"asn": 64501, "country": "BR"}' ELSE '{"asn": 64502, "country": "JP"}' END
       || ', "port": ' || port
       || ', "tags": ' || CASE b / 35 % 4 WHEN 0 THEN '[]' WHEN 1 THEN '["T1110"]' WHEN 2 THEN '["T1110", "T1021"]'
                                          ELSE '["Überwachung"]' END
       || ', "bytes": ' || (60 + b / 140 % 9000)
       || ', "sensor": "sensor-' || (a / 60 % 40)
       || '", "blocked": ' || CASE c / 24 % 2 WHEN 0 THEN 'true' ELSE 'false' END || '}'),
       @moment(deleted_us)
  FROM placed ORDER BY n;
