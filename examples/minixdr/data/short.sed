# What the SQL here says for short: of a random number, an organization (the first have the most), the end of the address of
# one of 200 attackers (some attack far more), a severity; the moment of an incident.
s/@organization\((\w+)\)/1 + \1 % 20 * (\1 \/ 20 % 20) \/ 20/g
s/@attacker\((\w+)\)/CASE \1 % 2 WHEN 0 THEN '203.0.113.' ELSE '198.51.100.' END || (1 + \1 \/ 2 % 100 * (\1 \/ 200 % 100) \/ 100)/g
s/@severity\((\w+)\)/CASE WHEN \1 % 100 < 55 THEN 'low' WHEN \1 % 100 < 85 THEN 'medium' WHEN \1 % 100 < 96 THEN 'high' ELSE 'critical' END/g
s/@incident_us\((\w+)\)/1735689600000000 + \1 * 1000000000 + \1 * 7919 % 999 * 1000000 + \1 % 1000 * 1000 + 7/g
