-- Births and deaths of neurons in each layer since the checkpoint before (null at the first), and
-- the mean overlap of the living ones' top activating prompts with those at the final checkpoint.
CREATE OR REPLACE MACRO births_deaths(model) AS TABLE
SELECT s.step, s.layer, s.n_alive, s.births, s.deaths, s.mean_final_overlap
FROM layer_steps AS s
WHERE s.model = split_part(model, '@', 1)
ORDER BY s.step, s.layer;
