-- The log of a model's training: loss in nats a token, and the share of facts known in trained and
-- in held-out prompts; null where not measured.
CREATE OR REPLACE MACRO training_losses(model) AS TABLE
SELECT l.step, l.loss, l.known_trained, l.known_held_out, l.n_facts
FROM training_log AS l
WHERE l.model = split_part(model, '@', 1)
ORDER BY l.step;
