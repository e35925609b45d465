"""The reference scenario, played for the demo company through public HTTP only."""
