CREATE OR REPLACE VIEW fact_steps AS
SELECT
    t.model, t.step, t.fact_id, t.prompt, t.trained, t.probability, t.rank, t.saturation_layer,
    t.logprob, t.greedy, t.fact_set
FROM lake.fact_steps AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
