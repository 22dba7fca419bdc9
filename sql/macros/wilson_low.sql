-- The lower end of the 95 % interval of a share, hits of trials: Wilson's score interval
-- (Wilson 1927), which holds for few trials and shares near 0 and 1 too.
CREATE OR REPLACE MACRO wilson_low(hits, trials) AS
    greatest(0, (hits + 1.920729410347062
        - 1.959963984540054 * sqrt(hits * (1 - hits / trials) + 0.960364705173531))
        / (trials + 3.841458820694124));
