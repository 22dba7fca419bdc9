-- The upper end of the 95 % interval of a share, as wilson_low.
CREATE OR REPLACE MACRO wilson_high(hits, trials) AS
    least(1, (hits + 1.920729410347062
        + 1.959963984540054 * sqrt(hits * (1 - hits / trials) + 0.960364705173531))
        / (trials + 3.841458820694124));
