"""The directory, its methods and its audit as Microsoft Graph serves them. Doors: each calls one flow."""
