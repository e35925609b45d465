"""Who changed what, when, from where: of every record that people edit (PRV-14)."""
