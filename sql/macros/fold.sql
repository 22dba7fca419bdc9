-- A text without case and accents, for comparing names: fold('São Paulo') is 'sao paulo'.
-- strip_accents keeps letters that have no decomposition, such as ł and ø; quotation marks of
-- romanised names become apostrophes, and hyphens spaces.
CREATE OR REPLACE MACRO fold(name) AS
    translate(strip_accents(lower(name)), 'łøđðħŧıʻ‘’-', 'loddhti'''''' ');
