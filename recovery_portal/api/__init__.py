"""The Graph-shaped shell: tokens, permissions, errors, OData. It has no resources of its own; the rooms bring theirs.

The arrows point down: rooms import the shell, and the shell names rooms only as dotted strings in ``urls``.
"""
