"""Number matching: the browser that started shows a number, the phone that did the Face Check picks it out of three.

A person who was shown somebody else's QR code has no number of their own on a screen before them (RFC 10027 6.1).
"""

from recovery_portal.kit import chance

CHOICES = 3


def draw() -> tuple[int, list[int]]:
    """A number of two digits, and three to choose from in random order, itself among them."""
    lot = chance.lot()
    choices = lot.sample(range(10, 100), CHOICES)
    return lot.choice(choices), choices
