"""What an administrator watches and mends."""
