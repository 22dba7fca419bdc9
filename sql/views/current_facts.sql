-- The set of facts that each model's corpus holds now, by the atlas' name and, of a training, by the
-- name without its step. What was made of another set is shown by no view: its ids are other facts.
CREATE OR REPLACE VIEW current_facts AS
SELECT DISTINCT unnest([a.model, split_part(a.model, '@', 1)]) AS model, f.fact_set
FROM atlases AS a
JOIN (SELECT DISTINCT t.corpus, t.fact_set FROM lake.facts AS t) AS f ON f.corpus = a.corpus;
