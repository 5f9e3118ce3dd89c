-- What C writes, by the hundred.
SELECT (spread() * 32767)::smallint FROM generate_series(1, 300);
SELECT (spread() * power(10, g % 10))::integer FROM generate_series(1, 300) g;
SELECT (spread() * power(10, g % 19))::bigint FROM generate_series(1, 1000) g;
SELECT spread()::numeric * power(10::numeric, g % 80 - 40) FROM generate_series(1, 2000) g;
SELECT (spread() * power(10, g % 10))::numeric(12, 2) FROM generate_series(1, 500) g;
SELECT (spread() * power(10, g % 76 - 38))::real FROM generate_series(1, 2000) g;
SELECT spread() * power(10::float8, g % 600 - 300) FROM generate_series(1, 3000) g;
SELECT round((spread() * power(10, g % 12))::numeric, g % 6)::float8 FROM generate_series(1, 1000) g;
SELECT any_text(g % 40) FROM generate_series(1, 2000) g;
SELECT md5(random()::text)::uuid FROM generate_series(1, 300);
SELECT date '4713-01-01 BC' + (random() * 7000000)::int FROM generate_series(1, 1000);
SELECT any_moment(g) FROM generate_series(1, 2000) g;
SELECT any_moment(g)::timestamp(3) FROM generate_series(1, 500) g;
SELECT any_moment(g)::timestamptz FROM generate_series(1, 2000) g;
SELECT any_moment(g)::timestamptz(1) FROM generate_series(1, 500) g;
SELECT any_moment(g)::time FROM generate_series(1, 500) g;
SELECT any_moment(g)::time AT TIME ZONE make_interval(mins => (spread() * 900)::int) FROM generate_series(1, 500) g;
SELECT make_interval((spread() * 100)::int * (g % 2), (spread() * 50)::int, 0, (spread() * 1000)::int * (g % 3), (spread() * 90)::int,
    0, spread() * 1e5) FROM generate_series(1, 1000) g;
SELECT decode(repeat(md5(random()::text), g % 5), 'hex') FROM generate_series(1, 300) g;
SELECT json_build_object(any_text(3), any_text(g % 9), 'n', spread(), 'a', ARRAY[any_moment(g), NULL]) FROM generate_series(1, 500) g;
SELECT jsonb_build_object(any_text(3), any_text(g % 9), 'n', spread(), 'a', ARRAY[any_moment(g), NULL]) FROM generate_series(1, 500) g;
SELECT (enum_range(NULL::mood))[1 + g % 4] FROM generate_series(1, 100) g;
