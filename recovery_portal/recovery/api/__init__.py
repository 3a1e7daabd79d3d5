"""Recovery profiles and their scope as Microsoft Graph serves them. Doors: each calls one flow."""
