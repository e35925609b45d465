"""Draft, publish, stop, versions, references of every published thing; knows kinds and ids only."""
