# What the SQL here says for short: of a random number, a category and what one plans in it.
s/@category\((\w+)\)/CASE \1 % 6 WHEN 0 THEN 'work' WHEN 1 THEN 'study' WHEN 2 THEN 'health' WHEN 3 THEN 'family' WHEN 4 THEN 'travel' ELSE 'other' END/g
