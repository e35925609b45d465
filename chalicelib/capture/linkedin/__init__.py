"""LinkedIn lead sync: what members fill into lead gen forms there becomes leads here (reference 24)."""
