/* leat
summary:  Events over time, by hour or by day, from a moment to a moment
params:
  since:        timestamptz = 2025-01-01T00:00:00Z
  until:        timestamptz = now
  every:        text = day in [hour, day]
cache:    10m
*/
SELECT date_trunc(:every, ts, 'UTC')                                 AS at,
       count(*)                                                      AS events,
       count(*) FILTER (WHERE severity IN ('high', 'critical'))      AS severe
  FROM events
 WHERE organization_id = :tenant AND deleted_at IS NULL
   AND ts >= :since AND ts < :until
 GROUP BY 1
 ORDER BY 1
