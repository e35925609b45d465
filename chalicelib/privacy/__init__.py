"""What people may demand of us: to see, take away, put right, restrict, object, and be forgotten (15.5)."""
