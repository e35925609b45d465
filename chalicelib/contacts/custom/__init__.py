"""Fields that an organisation defines itself, while everything runs: of contacts, accounts and leads."""
