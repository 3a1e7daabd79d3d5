"""The pytest plugin: fixtures for everybody and everything in a recovery. `pytest --fixtures` shows them."""
