"""Map: neurons and prompts in the plane."""
