"""Reading identity documents: locate, straighten, read, check. It measures and reports; flows decide."""
