"""Marketing events: who registers, who holds a seat, who came."""
