/* leat
summary:  The rules of an industry
params:
  industry: text in [fintech, lending, crypto, ecommerce, gaming, travel]
  enabled:  bool = true
read:     anonymous
*/
SELECT id, name, kind, threshold, enabled, config
  FROM rules
 WHERE industry = :industry AND enabled = :enabled
 ORDER BY id
