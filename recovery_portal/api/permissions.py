"""The permissions that an app registration can be given, named as Microsoft Graph names them.

``may``: one permission satisfies another by including it. What a permission opens stands at each operation.
"""

from collections.abc import Collection, Mapping

_METHODS = ("Email", "Passkey", "Password", "Phone", "SoftwareOATH", "TAP")

# Each permission with the ones it includes. "(own)" permissions, without ``.All``, are for signed-in people only.
INCLUDES: Mapping[str, tuple[str, ...]] = {
    "AuditLog.Read.All": (),
    "CustomAuthenticationExtension.Read.All": (),
    "CustomAuthenticationExtension.ReadWrite.All": ("CustomAuthenticationExtension.Read.All",),
    "Directory.Read.All": ("User.Read.All", "Group.Read.All", "GroupMember.Read.All"),
    "Directory.ReadWrite.All": ("Directory.Read.All", "User.ReadWrite.All", "Group.ReadWrite.All"),
    "EventListener.Read.All": (),
    "EventListener.ReadWrite.All": ("EventListener.Read.All",),
    "Group.Read.All": ("GroupMember.Read.All",),
    "Group.ReadWrite.All": ("Group.Read.All", "GroupMember.ReadWrite.All"),
    "GroupMember.Read.All": (),
    "GroupMember.ReadWrite.All": ("GroupMember.Read.All",),
    "Policy.Read.All": ("Policy.Read.AuthenticationMethod",),
    "Policy.Read.AuthenticationMethod": (),
    "Policy.ReadWrite.AuthenticationMethod": ("Policy.Read.AuthenticationMethod",),
    "User.Read": (),
    "User.Read.All": ("User.Read",),
    "User.ReadWrite.All": ("User.Read.All",),
    "UserAuthenticationMethod.Read": (),
    "UserAuthenticationMethod.Read.All": (
        "UserAuthenticationMethod.Read",
        *(f"UserAuthMethod-{method}.Read.All" for method in _METHODS),
    ),
    "UserAuthenticationMethod.ReadWrite": ("UserAuthenticationMethod.Read",),
    "UserAuthenticationMethod.ReadWrite.All": (
        "UserAuthenticationMethod.Read.All",
        "UserAuthenticationMethod.ReadWrite",
        *(f"UserAuthMethod-{method}.ReadWrite.All" for method in _METHODS),
    ),
    **{f"UserAuthMethod-{method}.Read.All": () for method in _METHODS},
    **{f"UserAuthMethod-{method}.ReadWrite.All": (f"UserAuthMethod-{method}.Read.All",) for method in _METHODS},
    "VerifiableCredential.Create.All": (
        "VerifiableCredential.Create.IssueRequest",
        "VerifiableCredential.Create.PresentRequest",
    ),
    "VerifiableCredential.Create.IssueRequest": (),
    "VerifiableCredential.Create.PresentRequest": (),
    "VerifiedId-Profile.Read.All": (),
    "VerifiedId-Profile.ReadWrite.All": ("VerifiedId-Profile.Read.All",),
}


def known() -> list[str]:
    return sorted(INCLUDES)


def unknown(names: Collection[str]) -> list[str]:
    return sorted(set(names) - INCLUDES.keys())


def held_by(names: Collection[str]) -> frozenset[str]:
    """``names`` with everything they include; names that nobody knows open nothing."""
    held: set[str] = set()
    waiting = [name for name in names if name in INCLUDES]
    while waiting:
        name = waiting.pop()
        if name not in held:
            held.add(name)
            waiting.extend(INCLUDES[name])
    return frozenset(held)
