"""What somebody typed for the record."""


def one_line(text: str) -> str:
    """In one line and without control characters, of which PostgreSQL keeps not every one."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
