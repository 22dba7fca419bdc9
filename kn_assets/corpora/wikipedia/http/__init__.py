"""Asking Wikipedia: a client with a rate limit, retries and a journal of what it fetched."""
