-- The k neurons whose rules have all words of a text in them, such as: before Japan. Case, accents
-- and punctuation don't count. Those first whose rule holds most surely: by the harmonic mean of the
-- lower ends of precision and recall on held-out prompts. A neuron has a row for each half of it.
CREATE OR REPLACE MACRO search_descriptions(model, words, k) AS TABLE
WITH
found AS (
    SELECT
        d.layer, d.neuron, d.sign, d.kind, d.rule, d.terms, d.precision, d.precision_low,
        d.recall, d.recall_low, d.base_rate, d.n, d.n_held_out,
        2 * d.precision_low * d.recall_low / nullif(d.precision_low + d.recall_low, 0) AS surety
    FROM lake.neuron_descriptions_of(model) AS d
    WHERE d.kind <> 'none'
        AND contains(d.searched, concat(' ', split_part(trim(spaced(words)), ' ', 1), ' '))
        AND len(list_filter(
            string_split(trim(spaced(words)), ' '),
            lambda word: NOT contains(d.searched, concat(' ', word, ' '))
        )) = 0
    QUALIFY row_number() OVER (
        PARTITION BY d.layer, d.neuron, d.sign ORDER BY surety DESC, d.rank
    ) = 1
)
SELECT
    f.layer, f.neuron, f.sign, f.kind, f.rule, f.terms, f.precision, f.precision_low, f.recall,
    f.recall_low, f.base_rate, f.n, f.n_held_out, f.surety
FROM found AS f
ORDER BY f.surety DESC, f.layer, f.neuron, f.sign DESC
LIMIT k;
