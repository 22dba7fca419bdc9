-- The atlases of a model's checkpoints, first step first. In this macro and all others about
-- training the model's name may have a step or not: geo-gpt2 is the same as geo-gpt2@step512.
CREATE OR REPLACE MACRO model_steps(model) AS TABLE
SELECT a.model, step_of(a.model) AS step, a.corpus, a.n_prompts, a.n_layers, a.n_neurons
FROM atlases AS a
WHERE split_part(a.model, '@', 1) = split_part(model, '@', 1) AND step_of(a.model) IS NOT NULL
ORDER BY step;
