-- Answers before and after interventions on a fact's knowledge neurons and on the controls, one row
-- per prompt and draw. The prompts of the conditions other_fact and same_subject are those of other
-- facts, which are named.
CREATE OR REPLACE MACRO fact_interventions(model, fact) AS TABLE
SELECT
    i.kind, i.condition, i.factor, i.n_neurons, i.draw, i.prompt, i.prompt_fact_id,
    o.relation, o.subject, o.object, i.probability_before, i.probability_after,
    i.rank_before, i.rank_after, i.top_before, i.top_after
FROM every_intervention AS i
JOIN atlases AS a ON a.model = i.model
LEFT JOIN facts AS o ON o.corpus = a.corpus AND o.fact_id = i.prompt_fact_id
WHERE i.model = model AND i.fact_id = fact
ORDER BY i.kind, i.condition, i.draw, i.prompt;
