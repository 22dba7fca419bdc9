"""Scripts that run in the environments of the peers, and import nothing of this project."""
