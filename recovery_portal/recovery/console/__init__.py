"""The operator's own pages inside the admin site."""
