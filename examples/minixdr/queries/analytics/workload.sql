/* leat
summary:  Who has incidents that are not closed, most first, and what they have done
params:
  top:          int = 10 in 1..100
read:     analyst   # counts what a viewer does not see
cache:    10m
*/
SELECT u.id, u.name, open_incidents.incidents, open_incidents.highest_escalation,
       (SELECT count(*) FROM action_logs a JOIN incidents i ON i.id = a.incident_id
         WHERE i.assigned_user_id = u.id AND a.user_id = u.id) AS actions
  FROM (SELECT assigned_user_id, count(*) AS incidents, max(escalation_level) AS highest_escalation
          FROM incidents
         WHERE organization_id = :tenant AND status IN ('open', 'contained') AND assigned_user_id IS NOT NULL
         GROUP BY assigned_user_id
         ORDER BY incidents DESC, assigned_user_id
         LIMIT :top) AS open_incidents
  JOIN users u ON u.id = open_incidents.assigned_user_id
 ORDER BY open_incidents.incidents DESC, u.id
