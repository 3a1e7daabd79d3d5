"""Proving who somebody is: one wire (protocol), one paper (credentials), and parties that never import each other."""
