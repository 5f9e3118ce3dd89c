# What the SQL here says for short.
s/@industry\((\w+)\)/CASE \1 % 6 WHEN 0 THEN 'fintech' WHEN 1 THEN 'lending' WHEN 2 THEN 'crypto' WHEN 3 THEN 'ecommerce' WHEN 4 THEN 'gaming' ELSE 'travel' END/g
