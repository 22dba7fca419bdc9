-- Facts through training: the stored answers, and at steps where a fact has none those made on
-- demand.
CREATE OR REPLACE VIEW every_fact_step AS
SELECT
    s.model, s.step, s.fact_id, s.prompt, s.trained, s.probability, s.rank, s.saturation_layer,
    s.logprob, s.greedy, s.fact_set,
    false AS on_demand
FROM fact_steps AS s
UNION ALL
SELECT
    split_part(t.model, '@', 1) AS model, step_of(t.model) AS step, t.fact_id, t.prompt, t.trained,
    t.probability, t.rank, t.saturation_layer, t.logprob, t.greedy, t.fact_set, true AS on_demand
FROM asked_answers AS t
ANTI JOIN fact_steps AS s
    ON s.model = split_part(t.model, '@', 1) AND s.step = step_of(t.model) AND s.fact_id = t.fact_id
WHERE step_of(t.model) IS NOT NULL;
