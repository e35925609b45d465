"""Who may do what: API keys, the check of tokens, scopes."""
