"""Figures, counted exactly."""
