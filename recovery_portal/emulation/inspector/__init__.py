"""The flow inspector: one attempt as a sequence of messages, decisions and times."""
