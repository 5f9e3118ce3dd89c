/* leat
summary:  Users by volume, greatest first
params:
  since:    timestamptz?                  # without it: the week before the newest transaction
  industry: text? in [fintech, lending, crypto, ecommerce, gaming, travel]
  top:      int = 10 in 1..100
read:     anonymous
cache:    5m
*/
SELECT u.id, u.name, u.industry, best.transactions, best.volume, best.last_seen
  FROM (SELECT user_id, count(*) AS transactions, sum(amount) / 100.0 AS volume, max(created_at) AS last_seen
          FROM transactions
         WHERE created_at > coalesce(:since,
                                     (SELECT strftime('%Y-%m-%dT%H:%M:%S', substr(max(created_at), 1, 19), '-7 days')
                                             || substr(max(created_at), 20) FROM transactions))
           AND (:industry IS NULL OR industry = :industry)
         GROUP BY +user_id                       -- +: by the index on created_at, not that on user_id
         ORDER BY volume DESC, user_id
         LIMIT :top) AS best
  JOIN users u ON u.id = best.user_id
 ORDER BY best.volume DESC, u.id
