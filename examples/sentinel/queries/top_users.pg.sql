/* leat
summary:  Users by volume, greatest first
params:
  since:    timestamptz?                  # without it: the week before the newest transaction
  industry: text? in [fintech, lending, crypto, ecommerce, gaming, travel]
  top:      int = 10 in 1..100
read:     anonymous
cache:    5m
*/
WITH clock AS MATERIALIZED (
    SELECT max(created_at) AS newest FROM transactions
)
SELECT u.id, u.name, u.industry, best.transactions, best.volume, best.last_seen
  FROM (SELECT user_id, count(*) AS transactions, sum(amount)::double precision AS volume, max(created_at) AS last_seen
          FROM transactions
         WHERE created_at > coalesce(:since, (SELECT newest - interval '7 days' FROM clock))
           AND created_at <= (SELECT newest FROM clock)   -- both ends: so the planner takes the index
           AND (:industry IS NULL OR industry = :industry)
         GROUP BY user_id
         ORDER BY volume DESC, user_id
         LIMIT :top) AS best
  JOIN users u ON u.id = best.user_id
 ORDER BY best.volume DESC, u.id
