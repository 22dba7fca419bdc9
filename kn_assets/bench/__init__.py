"""Benchmarks: each module times one part against a named baseline and returns a `Result`."""
