"""The holder: a web wallet that keeps keys, asks for consent, and presents. Own process, database and brand."""
