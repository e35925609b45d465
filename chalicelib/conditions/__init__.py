"""The one evaluator of scoring models, segments and journey branches: compiled once, answered with reasons."""
