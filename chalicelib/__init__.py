"""Itinera: everything the functions do lives here, one package a domain (docs/architecture.md)."""
