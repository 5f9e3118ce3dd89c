/* leat
summary:  The rules of an industry
params:
  industry: text in [fintech, lending, crypto, ecommerce, gaming, travel]
  enabled:  bool = true
read:     anonymous
cache:    {list: 24h, client: 1h}
*/
SELECT id, name, kind, threshold, enabled, config
  FROM rules
 WHERE industry = :industry AND enabled = :enabled
 ORDER BY id
