"""DuckDB over the lake: views and macros, queries for people, and a guard for those of strangers."""
