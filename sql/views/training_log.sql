CREATE OR REPLACE VIEW training_log AS
SELECT
    t.model, t.step, t.loss, t.lr, t.tokens, t.seconds, t.cpu_seconds,
    t.known_trained, t.known_held_out, t.n_facts
FROM lake.training_log AS t;
