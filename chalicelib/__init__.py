"""Itinera: everything the functions do lives here, one package a domain (docs/architecture.md)."""

import gc

# What importing makes stays. Looking through it again for each 700 new objects is a tenth of a cold start.
gc.set_threshold(50_000, 20, 20)
