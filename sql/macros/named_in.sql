-- Whether a text has a name in it, as whole words; case, accents and punctuation don't count. A name
-- in a script that sets no spaces between words may stand anywhere.
CREATE OR REPLACE MACRO named_in(name, words) AS
    length(spaced(name)) > 2 AND (
        contains(spaced(words), spaced(name))
        OR (
            regexp_matches(name, '[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}]')
            AND contains(fold(words), fold(name))
        )
    );
