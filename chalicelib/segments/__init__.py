"""Queries over people, and who is a member."""
