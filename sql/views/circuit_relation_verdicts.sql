CREATE OR REPLACE VIEW circuit_relation_verdicts AS
SELECT
    t.model, t.relation, t.kind, t.claim, t.verdict, t.control, t.sentence, t.n_facts,
    t.log_odds, t.ci_low, t.ci_high, t.fact_set
FROM lake.circuit_relation_verdicts AS t
SEMI JOIN current_facts AS c ON c.model = t.model AND c.fact_set = t.fact_set;
