"""Consent by contact point (15.8): compliance profiles, and what an address or a number allows by purpose and topic."""
