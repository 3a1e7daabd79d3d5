"""The roof: one person's recovery of one account, from the information page to a registered authenticator."""
