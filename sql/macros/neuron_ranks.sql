-- All prompts in which a neuron fired, attention sinks left out, strongest first by |peak|.
CREATE OR REPLACE MACRO neuron_ranks(model, layer, neuron) AS TABLE
SELECT
    row_number() OVER (ORDER BY abs(p.activation) DESC, p.prompt_id) AS rank,
    p.prompt_id,
    p.position AS peak_position,
    p.activation AS peak
FROM lake.neuron_peaks_of(model, layer) AS p
WHERE p.neuron = neuron
ORDER BY rank;
