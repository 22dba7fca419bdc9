-- A text's words between single spaces, without case, accents and punctuation, one space at each
-- end: spaced('St. Louis!') is ' st louis ', so that contains() finds whole words alone.
CREATE OR REPLACE MACRO spaced(words) AS
    ' ' || trim(regexp_replace(fold(words), '[^\pL\pM\pN]+', ' ', 'g')) || ' ';
