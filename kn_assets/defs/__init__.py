"""The Dagster side: thin assets over the library, one file to a group."""
