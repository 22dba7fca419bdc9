CREATE OR REPLACE VIEW fact_lens AS
SELECT
    t.model, t.fact_id, t.prompt, t.layer, t.probability, t.rank, t.logprob, t.greedy,
    t.fact_set
FROM lake.fact_lens AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
