CREATE OR REPLACE VIEW logit_lens AS
SELECT
    t.model, t.prompt_id, t.position, t.layer, t.rank, t.token_id, t.token, t.probability,
    t.next_probability, t.next_rank
FROM lake.logit_lens AS t;
