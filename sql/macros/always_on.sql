-- Neurons that fire at more than a share of all tokens (attention sinks left out), most often first:
-- that one of them fires says little about a token.
CREATE OR REPLACE MACRO always_on(model, rate := 0.1) AS TABLE
SELECT n.layer, n.neuron, n.firing_rate, n.mean, n.std
FROM lake.neurons_of(model) AS n
WHERE n.firing_rate > rate
ORDER BY n.firing_rate DESC, n.layer, n.neuron;
