"""How Itinera is packaged and deployed: to AWS, and to the local cloud in infra.local."""
