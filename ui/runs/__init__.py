"""Runs: live models and SQL for the page, queued and limited."""
