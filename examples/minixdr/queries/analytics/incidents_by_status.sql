/* leat
summary:  Incidents of each status, how many of them are nobody's, and the worst escalation
read:     analyst   # counts what a viewer does not see
cache:    10m
*/
SELECT status,
       count(*)                                          AS incidents,
       count(*) FILTER (WHERE assigned_user_id IS NULL)  AS unassigned,
       max(escalation_level)                             AS highest_escalation,
       min(created_at)                                   AS oldest
  FROM incidents
 WHERE organization_id = :tenant
 GROUP BY status
 ORDER BY CASE status WHEN 'new' THEN 1 WHEN 'open' THEN 2 WHEN 'contained' THEN 3 WHEN 'resolved' THEN 4 ELSE 5 END
