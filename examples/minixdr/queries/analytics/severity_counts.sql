/* leat
summary:  Events of each severity since a moment, worst first
params:
  since:        timestamptz = 2025-01-01T00:00:00Z
cache:    10m
*/
SELECT severity, count(*) AS events, count(DISTINCT src_ip) AS sources
  FROM events
 WHERE organization_id = :tenant AND deleted_at IS NULL
   AND ts >= :since
 GROUP BY severity
 ORDER BY CASE severity WHEN 'critical' THEN 1 WHEN 'high' THEN 2 WHEN 'medium' THEN 3 ELSE 4 END
