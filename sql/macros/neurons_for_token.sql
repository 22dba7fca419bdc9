-- The k neurons whose value vector promotes a token most, by its place among the tokens that the
-- neuron promotes, then by score; spaces around the token and its case are ignored. lens: 'linear'
-- reads value vectors by the linear lens, those of early layers too.
CREATE OR REPLACE MACRO neurons_for_token(model, token, k, lens := 'logit') AS TABLE
WITH
vocabulary AS (
    SELECT a.* FROM neuron_vocabulary AS a WHERE lens = 'logit'
    UNION ALL
    SELECT b.* FROM neuron_vocabulary_linear AS b WHERE lens = 'linear'
)
SELECT v.layer, v.neuron, v.rank, v.token, v.score, n.firing_rate
FROM vocabulary AS v
LEFT JOIN neurons AS n ON n.model = v.model AND n.layer = v.layer AND n.neuron = v.neuron
WHERE v.model = model AND v.sign = 1 AND lower(trim(v.token)) = lower(trim(token))
ORDER BY v.rank, v.score DESC, v.layer, v.neuron
LIMIT k;
