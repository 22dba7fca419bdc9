"""DuckDB over the lake: views and macros, queries, and a guard for those of strangers."""
