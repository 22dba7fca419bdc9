-- Prompts in whose city's names, country or text all words of a text stand, best first; case, accents
-- and commas after words are ignored. score: 6 the name, 5 starts the name, 4 within the name, 3.5
-- another name of the city, 3 within one, 2 within the country's name, 1 within the text, 0
-- everything (for an empty text). Words that don't stand together ('Tokyo Japan') score the mean of
-- theirs: 6 the name, 4 a whole word of it, 2 within the country's name, 1 within the name or text,
-- 1.5 within another name alone. found_as: the other name by which it was found, null where the name,
-- country or text has it. Equal scores go by population; an empty text lists all prompts in their
-- order. Texts aren't folded beyond case and accents, since that would take three times as long as
-- all the rest.
CREATE OR REPLACE MACRO search_cities(text) AS TABLE
WITH
wanted AS (
    SELECT
        fold(trim(text)) AS word,
        strip_accents(lower(trim(text))) AS plain,
        list_filter(
            list_transform(
                string_split_regex(trim(text), '\s+'), lambda w: regexp_replace(w, '[,;]+$', '')
            ),
            lambda w: w <> ''
        ) AS split
),
words AS (
    SELECT
        w.word, w.plain,
        CASE WHEN len(w.split) > 1 OR w.split[1] <> trim(text) THEN
            list_transform(
                w.split, lambda s: {'word': fold(s), 'plain': strip_accents(lower(s))}
            )
        ELSE [] END AS apart
    FROM wanted AS w
),
placed AS (
    SELECT
        f.*,
        CASE
            WHEN w.word = '' THEN 0
            WHEN f.folded_name = w.word THEN 6
            WHEN starts_with(f.folded_name, w.word) THEN 5
            WHEN contains(f.folded_name, w.word) THEN 4
            WHEN contains(f.folded_others, w.word) THEN
                CASE WHEN contains(
                    chr(10) || f.folded_others || chr(10), chr(10) || w.word || chr(10)
                ) THEN 3.5 ELSE 3 END
            WHEN contains(f.folded_country, w.word) THEN 2
            WHEN contains(f.folded_text, w.plain) THEN 1
        END AS together,
        list_transform(w.apart, lambda p: CASE
            WHEN f.folded_name = p.word THEN 6
            WHEN contains(' ' || f.folded_name || ' ', ' ' || p.word || ' ') THEN 4
            WHEN contains(f.folded_country, p.word) THEN 2
            WHEN contains(f.folded_name, p.word) OR contains(f.folded_text, p.plain) THEN 1
            WHEN contains(f.folded_others, p.word) THEN 1.5
        END) AS each,
        w.word, w.apart
    FROM folded_cities AS f, words AS w
),
scored AS (
    SELECT
        p.*,
        greatest(
            p.together,
            CASE WHEN len(p.each) > 0 AND list_count(p.each) = len(p.each)
            THEN list_avg(p.each) END
        ) AS score
    FROM placed AS p
),
named AS (
    SELECT
        s.*,
        CASE
            WHEN s.score = s.together AND s.together IN (3, 3.5) THEN [s.word]
            WHEN s.score IS DISTINCT FROM s.together THEN list_transform(
                list_filter(s.apart, lambda p, i: s.each[i] = 1.5), lambda p: p.word
            )
            ELSE []
        END AS by_other
    FROM scored AS s
    WHERE s.score IS NOT NULL
)
SELECT
    n.city_id, n.name, n.country, n.country_code, n.continent, n.population, n.is_capital,
    n.prompt_id, n.text, n.corpus, n.score,
    CASE WHEN len(n.by_other) > 0 THEN
        list_sort(list_transform(
            list_filter(n.alternate_names, lambda o: contains(fold(o), n.by_other[1])),
            lambda o: {'size': length(o), 'name': o}
        ))[1].name
    END AS found_as
FROM named AS n
ORDER BY
    n.score DESC,
    CASE WHEN n.score > 0 THEN n.population END DESC NULLS LAST,
    n.corpus,
    n.prompt_id;
