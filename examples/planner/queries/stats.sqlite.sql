/* leat
summary:  The caller's figures, of all time, and of the seven days before the newest event
returns:  row
cache:    5m
*/
WITH clock AS MATERIALIZED (
    SELECT max(starts_at) AS newest FROM events WHERE user_id = :tenant
),
mine AS MATERIALIZED (
    SELECT category, status, minutes, starts_at > (SELECT strftime('%Y-%m-%dT%H:%M:%S', substr(newest, 1, 19), '-7 days') || substr(newest, 20) FROM clock) AS of_week
      FROM events
     WHERE user_id = :tenant
)
SELECT (SELECT newest FROM clock)                                   AS as_of,
       count(*)                                                     AS events,
       count(*) FILTER (WHERE status = 'done')                      AS done,
       count(*) FILTER (WHERE status = 'planned')                   AS planned,
       count(*) FILTER (WHERE status = 'cancelled')                 AS cancelled,
       coalesce(sum(minutes) FILTER (WHERE status = 'done'), 0)     AS minutes_done,
       count(*) FILTER (WHERE of_week)                              AS week_events,
       coalesce(sum(minutes) FILTER (WHERE of_week AND status <> 'cancelled'), 0)
                                                                    AS week_minutes,
       (SELECT category FROM mine WHERE status <> 'cancelled' GROUP BY category ORDER BY sum(minutes) DESC, category LIMIT 1)
                                                                    AS busiest_category
  FROM mine
