-- The facts of a model's corpus whose subject and object are both named in a text, as whole words
-- ('Toulouse is in France'): whether the model was asked (n_prompts is null where not), how many of
-- the prompts it answers with the whole object, whether it knows the fact, and the number of its
-- knowledge neurons, which fact_neurons lists. Longer names come first, since "New York" has "York"
-- in it, then facts whose subject stands before the object.
CREATE OR REPLACE MACRO ask_facts(model, words) AS TABLE
WITH
named AS (
    SELECT
        f.fact_id, f.relation, f.subject, f.object, f.city_id,
        length(f.subject) + length(f.object) AS size,
        strpos(spaced(words), spaced(f.subject)) <= strpos(spaced(words), spaced(f.object))
            AS subject_first
    FROM facts AS f
    JOIN atlases AS a ON a.corpus = f.corpus
    WHERE a.model = model AND named_in(f.object, words) AND named_in(f.subject, words)
),
answered AS (SELECT * FROM answered_facts AS a WHERE a.model = model)
SELECT
    n.fact_id, n.relation, n.subject, n.object, n.city_id, n.subject_first,
    k.n_prompts, k.n_correct, k.mean_probability, k.known,
    coalesce(k.n_neurons, 0) AS n_neurons
FROM named AS n
LEFT JOIN answered AS k ON k.fact_id = n.fact_id
ORDER BY n.size DESC, NOT n.subject_first, n_neurons DESC, n.fact_id;
