-- Every prompt with its city, and the texts to search, without case and accents.
CREATE OR REPLACE VIEW folded_cities AS
SELECT
    c.*,
    fold(c.name) AS folded_name,
    fold(array_to_string(c.alternate_names, chr(10))) AS folded_others,
    fold(c.country) AS folded_country,
    strip_accents(lower(c.text)) AS folded_text
FROM prompt_cities AS c;
