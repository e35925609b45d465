"""What in users' own emails, forms and pages shuts people out: warnings, never refusals (decision 43)."""
