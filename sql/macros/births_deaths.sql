-- Neurons born and gone in each layer since the step before, and how alike the living ones'
-- strongest prompts are to those at the last step. Null at the first step, which has none before.
CREATE OR REPLACE MACRO births_deaths(model) AS TABLE
SELECT s.step, s.layer, s.n_alive, s.births, s.deaths, s.mean_top_iou
FROM layer_steps AS s
WHERE s.model = split_part(model, '@', 1)
ORDER BY s.step, s.layer;
