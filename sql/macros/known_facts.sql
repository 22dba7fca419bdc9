-- The facts that a model knows: greedy decoding says the whole object in at least half of the
-- fact's prompts. Facts asked on demand aren't among them: a person chose those.
-- Those with knowledge neurons first, then by relation and mean probability.
CREATE OR REPLACE MACRO known_facts(model) AS TABLE
SELECT
    f.fact_id, f.relation, f.subject, f.object, f.city_id, f.n_prompts, f.n_correct,
    f.mean_probability, f.n_neurons
FROM model_facts(model) AS f
WHERE f.known AND NOT f.on_demand
ORDER BY f.n_neurons = 0, f.relation, f.mean_probability DESC, f.fact_id;
