"""Tasks, phone calls, appointments."""
