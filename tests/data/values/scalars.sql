-- What C writes, at its edges.
SELECT v::boolean FROM unnest(ARRAY['t', 'f', NULL]) v;
SELECT v::smallint FROM unnest(ARRAY['-32768', '32767', '0', NULL]) v;
SELECT v::integer FROM unnest(ARRAY['-2147483648', '2147483647', '0', NULL]) v;
SELECT v::bigint FROM unnest(ARRAY['-9223372036854775808', '9223372036854775807', '0', NULL]) v;
SELECT v::numeric FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0.00', '1e400', '-1e-400', '0.10', '100',
    '123456789012345678901234567890.5', '.5', NULL]) v;
SELECT v::numeric(12, 2) FROM unnest(ARRAY['NaN', '0', '-0.005', '9999999999.99', NULL]) v;
SELECT v::numeric(5, -2) FROM unnest(ARRAY['0', '12345', '-50', NULL]) v;
SELECT v::real FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0', '1e-45', '3.4028235e38', '0.1', '16777217', '1e6', '1e5',
    '1e15', '1e-4', '1e-5', NULL]) v;
SELECT v::float8 FROM unnest(ARRAY['NaN', 'Infinity', '-Infinity', '0', '-0', '5e-324', '1.7976931348623157e308', '0.1', '1e14', '1e15',
    '1e16', '0.0001', '1e-5', '1e23', '9007199254740993', NULL]) v;
SELECT v::text FROM unnest(ARRAY['', ' ', 'a"b\c/d', E'\b\f\n\r\t\v', E'\x01\x1f\x7f', 'hé', E'\u2028\U0001F600', '<script>&',
    repeat('x', 100000), repeat('"', 1000), NULL]) v;
SELECT chr(n) || 'x' FROM generate_series(1, 300) n;
SELECT v::varchar(9) FROM unnest(ARRAY['', 'abc', 'abcdefghi', NULL]) v;
SELECT v::char(7) FROM unnest(ARRAY['', 'abc', '"', NULL]) v;
SELECT v::"char" FROM unnest(ARRAY['', 'a', '"', NULL]) v;
SELECT v::name FROM unnest(ARRAY['pg_class', 'a"b', NULL]) v;
SELECT v::citext FROM unnest(ARRAY['AbC', '"', NULL]) v;
SELECT v::uuid FROM unnest(ARRAY['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-ffff-ffff-ffff-ffffffffffff', NULL]) v;
SELECT v::date FROM unnest(ARRAY['infinity', '-infinity', '4713-01-01 BC', '0001-01-01', '5874897-12-31', '2024-02-29', NULL]) v;
SELECT v::timestamp FROM unnest(ARRAY['infinity', '-infinity', '4713-01-01 00:00:00 BC', '294276-12-31 23:59:59.999999',
    '2026-01-31 00:00:00', '1999-12-31 23:59:59.5', '0001-01-01 00:00:00', NULL]) v;
SELECT v::timestamptz FROM unnest(ARRAY['infinity', '-infinity', '4713-01-01 00:00:00+00 BC', '294276-12-31 23:59:59.999999+00',
    '2026-01-31 01:00:00-11:30', '0044-03-15 12:00:00.000001 BC', '10000-01-01 00:00:00+00', NULL]) v;
SELECT v::timestamptz(0) FROM unnest(ARRAY['2026-01-31 01:00:00.6', NULL]) v;
SELECT v::time FROM unnest(ARRAY['00:00:00', '24:00:00', '23:59:59.999999', '09:05:07.5', NULL]) v;
SELECT v::timetz FROM unnest(ARRAY['00:00:00+00', '24:00:00-15:59', '23:59:59.999999+05:30', '09:05:07.5+00:00:01', NULL]) v;
SELECT v::interval FROM unnest(ARRAY['0', '1 year -2 months 3 days -04:05:06.7', '-178000000 years', '@ 1 minute ago',
    '1 microsecond', '36:00:00', NULL]) v;
SELECT v::bytea FROM unnest(ARRAY['', '\x00ff', '\xdeadbeef5c22', NULL]) v;
SELECT v::json FROM unnest(ARRAY['{"a" : [1,  2]}', ' 1 ', '"\u00e9"', '{"a":1,"a":2}', E'[\n1\n]', 'null', NULL]) v;
SELECT v::jsonb FROM unnest(ARRAY['{"b":1, "a":[1.50,"x\n"]}', '1e5', '"\u0001"', 'null', '{}', NULL]) v;
SELECT v::mood FROM unnest(ARRAY['sad', 'it''s "ok"', 'a\b', 'hé', NULL]) v;
SELECT v::age FROM unnest(ARRAY['1', '2147483647', NULL]) v;
SELECT v::elder FROM unnest(ARRAY['61', NULL]) v;
SELECT v::price FROM unnest(ARRAY['1', '-0.5', 'NaN', NULL]) v;
SELECT v::word FROM unnest(ARRAY['', '"', NULL]) v;
SELECT v::moment FROM unnest(ARRAY['2026-01-31 01:00:00.5+01', 'infinity', NULL]) v;
SELECT v::feeling FROM unnest(ARRAY['a\b', NULL]) v;
SELECT v::yes FROM unnest(ARRAY['t', 'f', NULL]) v;
SELECT v::doc FROM unnest(ARRAY['[1, {"a": null}]', NULL]) v;
