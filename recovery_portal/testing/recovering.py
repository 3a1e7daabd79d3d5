"""A whole recovery in one line, for the impatient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .authenticator import SoftwareAuthenticator
from .pages import NotOnThisPage
from .walking import StillWaiting
from .wallet import Wallet

if TYPE_CHECKING:
    from .documents import Document
    from .people import Face
    from .shapes import Attempt
    from .visitor import Visitor
    from .walking import Authenticator

_FINISHED = "Passkey created"


class NotRecovered(AssertionError):
    """The account was not recovered. ``attempt`` is what operators see of it, ``page`` where the person stands."""

    def __init__(self, visitor: Visitor, attempt: Attempt | None, why: str) -> None:
        state = f"{attempt.state} ({attempt.reason or 'no reason code'})" if attempt else "no attempt was begun"
        super().__init__(f"Not recovered: {state}. The person reads {visitor.heading!r}. {why}")
        self.attempt, self.page = attempt, visitor.page


@dataclass(frozen=True)
class Recovered:
    """What came of it: the attempt as operators see it, the pass, the passkey, and who was there."""

    attempt: Attempt
    passcode: str = field(repr=False)
    passkey: Authenticator = field(repr=False)
    wallet: Wallet = field(repr=False)
    visitor: Visitor = field(repr=False)


def recover(
    visitor: Visitor,
    *,
    as_: Face,
    with_: Document,
    phone: Visitor | None = None,
    wallet: Wallet | None = None,
    passkey: Authenticator | None = None,
) -> Recovered:
    """From the sign-in page to a new passkey. With a ``phone`` the visitor's screen only shows codes to it.

    Raises NotRecovered, which says where it ended and why.
    """
    holder = wallet or Wallet(visitor.installation)
    key = passkey or SoftwareAuthenticator(visitor.installation.portal)
    acting = phone or visitor
    try:
        _to_the_pass(visitor, acting, as_, with_, holder)
        passcode = acting.reveal_pass()
        acting.sign_in_with_pass().register_passkey(key)
    except (NotOnThisPage, StillWaiting) as error:
        raise NotRecovered(acting, _newest(visitor), str(error)) from error
    finally:
        if wallet is None:
            holder.close()
    attempt = _newest(visitor)
    if attempt is None or attempt.state != "completed" or acting.heading != _FINISHED:
        raise NotRecovered(acting, attempt, "")
    return Recovered(attempt, passcode, key, holder, acting)


def _to_the_pass(visitor: Visitor, acting: Visitor, face: Face, document: Document, holder: Wallet) -> None:
    visitor.start_recovery()
    if acting is visitor:
        visitor.continue_here()
    else:
        acting.scan(visitor).join()
    acting.prove_identity(as_=face, with_=document)
    acting.receive_into(holder)
    visitor.return_to_portal()
    if acting is not visitor:
        acting.scan(visitor).join()
    acting.share_from(holder)
    acting.check_face(face.again())


def _newest(visitor: Visitor) -> Attempt | None:
    attempts = visitor.installation.client.attempts(visitor.account, newest=1)
    return attempts[0] if attempts else None


Recover = Callable[..., Recovered]
