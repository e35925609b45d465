"""How people look at records: saved views, actions on the rows they choose, files of what they see."""
