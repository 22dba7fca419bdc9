-- The facts that a model knows: its likeliest token is the answer in half of the wordings or more.
-- Those with knowledge neurons first, then by relation and mean probability.
CREATE OR REPLACE MACRO known_facts(model) AS TABLE
SELECT
    f.fact_id, f.relation, f.subject, f.object, f.city_id, f.n_wordings, f.n_right,
    f.mean_probability, f.n_neurons
FROM model_facts(model) AS f
WHERE 2 * f.n_right >= f.n_wordings
ORDER BY f.n_neurons = 0, f.relation, f.mean_probability DESC, f.fact_id;
