"""The log of what people did, and the router that tells the rest."""
