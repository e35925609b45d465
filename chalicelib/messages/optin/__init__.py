"""Double opt-in: what somebody asked for waits for a click in a message to its address."""
