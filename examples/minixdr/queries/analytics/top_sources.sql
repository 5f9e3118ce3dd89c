/* leat
summary:  Sources with the most events since a moment, worst first
params:
  since:        timestamptz = 2025-01-01T00:00:00Z
  severity:     text? in [low, medium, high, critical]
  top:          int = 10 in 1..100
cache:    10m
*/
SELECT src_ip, count(*) AS events, max(ts) AS last_seen
  FROM events
 WHERE organization_id = :tenant AND deleted_at IS NULL
   AND ts >= :since
   AND (:severity IS NULL OR severity = :severity)
 GROUP BY src_ip
 ORDER BY events DESC, src_ip
 LIMIT :top
