CREATE OR REPLACE VIEW training_log AS
SELECT
    t.model, t.step, t.loss, t.lr, t.tokens, t.seconds, t.cpu_seconds, t.known,
    t.known_unseen, t.n_facts
FROM lake.training_log AS t;
