-- Answers before and after interventions on a fact's knowledge neurons and on the controls, one row
-- per prompt and draw. The prompts of the conditions other_fact and same_subject are those of other
-- facts, which are named. positions: 'last', neurons changed at the last token, or 'circuit', those
-- of the fact's circuit where they were attributed.
CREATE OR REPLACE MACRO fact_interventions(model, fact, positions := 'last') AS TABLE
WITH changed AS (
    SELECT
        i.model, i.kind, i.condition, i.factor, i.n_neurons, i.draw, i.prompt, i.prompt_fact_id,
        i.probability_before, i.probability_after, i.rank_before, i.rank_after, i.top_before,
        i.top_after
    FROM every_intervention AS i
    WHERE i.model = model AND i.fact_id = fact AND positions = 'last'
    UNION ALL
    SELECT
        c.model, c.kind, c.condition, c.factor, c.n_neurons, c.draw, c.prompt, c.prompt_fact_id,
        c.probability_before, c.probability_after, c.rank_before, c.rank_after, c.top_before,
        c.top_after
    FROM circuit_interventions AS c
    WHERE c.model = model AND c.fact_id = fact AND positions = 'circuit'
)
SELECT
    i.kind, i.condition, i.factor, i.n_neurons, i.draw, i.prompt, i.prompt_fact_id,
    o.relation, o.subject, o.object, i.probability_before, i.probability_after,
    i.rank_before, i.rank_after, i.top_before, i.top_after
FROM changed AS i
JOIN atlases AS a ON a.model = i.model
LEFT JOIN facts AS o ON o.corpus = a.corpus AND o.fact_id = i.prompt_fact_id
ORDER BY i.kind, i.condition, i.draw, i.prompt;
