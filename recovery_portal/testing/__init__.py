"""The testers' kit: a pytest plugin that drives a whole account recovery, in process or against a running server.

Importing this package, or its ``plugin``, imports neither Django nor numpy; what is used imports what it needs.
"""
