"""The journal: every protocol message that reaches or leaves a house, decoded, and nothing secret in it."""
