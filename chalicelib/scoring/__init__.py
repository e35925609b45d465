"""Scoring: models of what makes a lead worth a call, and the score that each gives."""
