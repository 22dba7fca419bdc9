-- The facts of a model's corpus whose subject, object or relation match a text, best first; case
-- and accents are ignored. n_prompts, n_correct and mean_probability are null where the model was
-- not asked, and so is known: greedy decoding says the whole object in at least half of the fact's
-- prompts; n_neurons counts its knowledge neurons; on_demand: it was asked on demand. score: 6 the subject, 5 starts it, 4 within it, 3 the object,
-- 2 within it, 1 within the relation, 0 everything (for an empty text). Equal scores: those with
-- knowledge neurons first, then the known, the asked, and the order of the corpus.
CREATE OR REPLACE MACRO search_facts(model, text) AS TABLE
WITH
wanted AS (SELECT fold(trim(text)) AS word),
scored AS (
    SELECT
        f.fact_id, f.relation, f.subject, f.object, f.city_id,
        CASE
            WHEN w.word = '' THEN 0
            WHEN f.folded_subject = w.word THEN 6
            WHEN starts_with(f.folded_subject, w.word) THEN 5
            WHEN contains(f.folded_subject, w.word) THEN 4
            WHEN f.folded_object = w.word THEN 3
            WHEN contains(f.folded_object, w.word) THEN 2
            WHEN contains(replace(lower(f.relation), '-', ' '), w.word) THEN 1
        END AS score
    FROM folded_facts AS f
    JOIN atlases AS a ON a.corpus = f.corpus
    CROSS JOIN wanted AS w
    WHERE a.model = model
),
answered AS (SELECT * FROM answered_facts AS a WHERE a.model = model)
SELECT
    s.fact_id, s.relation, s.subject, s.object, s.city_id,
    n.n_prompts, n.n_correct, n.mean_probability,
    n.known,
    coalesce(n.n_neurons, 0) AS n_neurons,
    coalesce(n.on_demand, false) AS on_demand,
    s.score
FROM scored AS s
LEFT JOIN answered AS n ON n.fact_id = s.fact_id
WHERE s.score IS NOT NULL
ORDER BY
    s.score DESC,
    coalesce(n.n_neurons, 0) = 0,
    NOT coalesce(n.known, false),
    n.n_prompts IS NULL,
    s.fact_id;
