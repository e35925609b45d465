"""The local cloud: what only a developer's machine needs; chalicelib knows nothing of it."""
