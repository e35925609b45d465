"""What a model makes of all leads: insights, previews before publishing, exports."""
