"""SQL: a query box with worked examples."""
