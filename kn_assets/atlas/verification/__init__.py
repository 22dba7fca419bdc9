"""How far a stored atlas is off: some of its prompts again, in float32, through plain hooks."""
