"""Why a score is what it is, now and at any moment of the past, and how far it can be relied on."""
