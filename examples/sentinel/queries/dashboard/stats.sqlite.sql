/* leat
summary:  The last day, counted back from the newest transaction
read:     anonymous
cache:    1m
returns:  row
*/
WITH day AS MATERIALIZED (
    -- amount is hundredths here. The moment's fraction is carried over by hand: SQLite's clock knows milliseconds only.
    SELECT t.id, t.user_id, t.amount, t.status, t.fraud_score
      FROM transactions t
     WHERE t.created_at > (SELECT strftime('%Y-%m-%dT%H:%M:%S', substr(max(created_at), 1, 19), '-24 hours')
                                  || substr(max(created_at), 20) FROM transactions)
)
SELECT (SELECT max(created_at) FROM transactions)                   AS as_of,
       count(*)                                                     AS transactions,
       count(DISTINCT user_id)                                      AS users,
       coalesce(sum(amount), 0) / 100.0                             AS volume,
       count(*) FILTER (WHERE status = 'pending')                   AS pending,
       count(*) FILTER (WHERE status = 'review')                    AS review,
       count(*) FILTER (WHERE status = 'declined')                  AS declined,
       max(fraud_score)                                             AS highest_score,
       (SELECT count(*) FROM day CROSS JOIN fraud_flags f ON f.transaction_id = day.id)
                                                                    AS flags,
       (SELECT count(*) FROM day CROSS JOIN fraud_flags f ON f.transaction_id = day.id
         WHERE f.severity = 'critical')                             AS critical_flags
  FROM day
