"""From a request to Dagster runs: what is stale is made, and nothing else."""
