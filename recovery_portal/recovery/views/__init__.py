"""The doors for people. Which page belongs to whom is asked in one place, :mod:`.seat`."""
