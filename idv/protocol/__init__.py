"""The wire between portal, provider and wallet: messages as bytes in and values out. Pure: no Django, no network."""
