-- Prompts whose city or text matches, best first; case and accents are ignored.
-- score: 6 the name, 5 starts the name, 4 within the name, 3 within another name of the city,
-- 2 within the country's name, 1 within the text, 0 everything (for an empty text).
-- Equal scores go by population; an empty text lists all prompts in their order. Texts aren't
-- folded beyond case and accents, since that would take three times as long as all the rest.
CREATE OR REPLACE MACRO search_cities(text) AS TABLE
WITH
wanted AS (SELECT fold(trim(text)) AS word, strip_accents(lower(trim(text))) AS plain),
scored AS (
    SELECT
        f.*,
        CASE
            WHEN w.word = '' THEN 0
            WHEN f.folded_name = w.word THEN 6
            WHEN starts_with(f.folded_name, w.word) THEN 5
            WHEN contains(f.folded_name, w.word) THEN 4
            WHEN contains(f.folded_others, w.word) THEN 3
            WHEN contains(f.folded_country, w.word) THEN 2
            WHEN contains(f.folded_text, w.plain) THEN 1
        END AS score
    FROM folded_cities AS f, wanted AS w
)
SELECT
    s.city_id, s.name, s.country, s.country_code, s.continent, s.population, s.is_capital,
    s.prompt_id, s.text, s.corpus, s.score
FROM scored AS s
WHERE s.score IS NOT NULL
ORDER BY
    s.score DESC,
    CASE WHEN s.score > 0 THEN s.population END DESC NULLS LAST,
    s.corpus,
    s.prompt_id;
