"""Qualifications: leads that reach several models' scores are qualified."""
