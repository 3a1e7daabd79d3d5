"""What people, wallets, workers and operators can do to a recovery."""

from .checking import conclude, running_face_check, submit_frames
from .configuring import Scope, change_profile, change_scopes, create_profile, delete_profile, find_provider
from .deciding import conclude_claims, validate_claims
from .ending import cancel, disown, expire, expire_due
from .handing_off import HandedOff, accept, decline, get_hand_off, renew
from .operating import record_profile_change
from .outcome import choose_number, registered, reveal_pass, signed_in
from .presenting import collect_answer, hear_answer
from .safeguarding import switch_mode
from .settling import settle_lost
from .starting import Started, come_back_empty, receive_result, send_to_provider, start, tell_owner

__all__ = [
    "HandedOff",
    "Scope",
    "Started",
    "accept",
    "cancel",
    "change_profile",
    "change_scopes",
    "choose_number",
    "collect_answer",
    "come_back_empty",
    "conclude",
    "conclude_claims",
    "create_profile",
    "decline",
    "delete_profile",
    "disown",
    "expire",
    "expire_due",
    "find_provider",
    "get_hand_off",
    "hear_answer",
    "receive_result",
    "record_profile_change",
    "registered",
    "renew",
    "reveal_pass",
    "running_face_check",
    "send_to_provider",
    "settle_lost",
    "signed_in",
    "start",
    "submit_frames",
    "switch_mode",
    "tell_owner",
    "validate_claims",
]
