"""The corpora: whatever the source, the same tables of cities, pages and prompts."""
