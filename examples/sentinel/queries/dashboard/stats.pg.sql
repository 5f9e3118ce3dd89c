/* leat
summary:  The last day, counted back from the newest transaction
read:     anonymous
cache:    1m
returns:  row
*/
WITH clock AS MATERIALIZED (
    SELECT max(created_at) AS newest FROM transactions
),
day AS MATERIALIZED (
    -- Both ends are given: with one alone the planner guesses a third of the table and reads all of it.
    SELECT id, user_id, amount, status, fraud_score
      FROM transactions
     WHERE created_at > (SELECT newest - interval '24 hours' FROM clock) AND created_at <= (SELECT newest FROM clock)
)
SELECT (SELECT newest FROM clock)                                   AS as_of,
       count(*)                                                     AS transactions,
       count(DISTINCT user_id)                                      AS users,
       coalesce(sum(amount), 0)::double precision                   AS volume,
       count(*) FILTER (WHERE status = 'pending')                   AS pending,
       count(*) FILTER (WHERE status = 'review')                    AS review,
       count(*) FILTER (WHERE status = 'declined')                  AS declined,
       max(fraud_score)                                             AS highest_score,
       (SELECT count(*) FROM fraud_flags f JOIN day ON day.id = f.transaction_id)
                                                                    AS flags,
       (SELECT count(*) FROM fraud_flags f JOIN day ON day.id = f.transaction_id
         WHERE f.severity = 'critical')                             AS critical_flags
  FROM day
