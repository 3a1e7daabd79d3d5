"""What accounts announces. Sent inside the flow's transaction: a receiver that raises undoes the sign-in."""

from django.dispatch import Signal

# kwargs: user (User), method (str: the key of an AuthenticationMethod), at (datetime)
signed_in = Signal()

# kwargs: user (User), kind (str: the key of the AuthenticationMethod), at (datetime)
authenticator_registered = Signal()
