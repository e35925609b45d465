"""Forms, pages, submissions."""
