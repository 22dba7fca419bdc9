"""What is made while the app is open: a queue of commands, one at a time, in quiet processes."""

CORPUS, MODEL, LIMIT = "geonames", "smollm2-135m", 600
"""What `kn demo` makes: the embedded corpus and model, in a few minutes on two cores."""
