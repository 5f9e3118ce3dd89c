-- Types and functions that the other files use.
CREATE EXTENSION citext;
CREATE EXTENSION hstore;
CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"', 'a\b', 'hé');
CREATE TYPE pair AS ("a b" int, at timestamptz);
CREATE TYPE nested AS (inside pair, many pair[], feels mood);
CREATE TYPE moment_range AS RANGE (subtype = timestamp);
CREATE DOMAIN age AS int CHECK (value > 0);
CREATE DOMAIN elder AS age CHECK (value > 60);
CREATE DOMAIN price AS numeric(12, 2);
CREATE DOMAIN word AS text;
CREATE DOMAIN moment AS timestamptz;
CREATE DOMAIN feeling AS mood;
CREATE DOMAIN yes AS boolean;
CREATE DOMAIN doc AS jsonb;
CREATE DOMAIN ages AS int[];
CREATE DOMAIN couple AS pair;

-- n characters: control, plain, with quotes and backslashes, of two, three and four bytes.
CREATE FUNCTION any_text(n int) RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT coalesce(string_agg(chr(CASE floor(random() * 4)::int
        WHEN 0 THEN 1 + floor(random() * 127)::int
        WHEN 1 THEN 33 + floor(random() * 60)::int
        WHEN 2 THEN 128 + floor(random() * 55000)::int
        ELSE 57344 + floor(random() * 1000000)::int END), ''), '')
    FROM generate_series(1, n)
$$;
-- From -1 to 1.
CREATE FUNCTION spread() RETURNS float8 LANGUAGE sql VOLATILE AS $$ SELECT random() * 2 - 1 $$;
-- From 4713 BC to 294276 AD, most of them near our time.
CREATE FUNCTION any_moment(n int) RETURNS timestamp LANGUAGE sql VOLATILE AS $$
    SELECT CASE n % 4
        WHEN 0 THEN timestamp '2000-01-01' - random() * interval '6700 years'
        WHEN 1 THEN timestamp '2000-01-01' + random() * interval '290000 years'
        ELSE timestamp '2000-01-01' + spread() * interval '100 years' END
$$;
