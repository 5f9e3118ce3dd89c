/* leat
summary:  The caller's events and minutes by category
cache:    5m
*/
SELECT category,
       count(*)                                                     AS events,
       count(*) FILTER (WHERE status = 'done')                      AS done,
       coalesce(sum(minutes), 0)                                    AS minutes
  FROM events
 WHERE user_id = :tenant AND status <> 'cancelled'
 GROUP BY category
 ORDER BY minutes DESC, category
