"""Finding what an address names."""

from uuid import UUID

from accounts.models import DirectoryGroup, User
from accounts.names import normalise_account_name
from accounts.operators import Operator
from recovery_portal.api.caller import Caller
from recovery_portal.api.errors import GraphError
from recovery_portal.api.shell import GraphView

NOT_FOUND = "Request_ResourceNotFound"


def person(key: str) -> User:
    """By object id or by account name. Raises GraphError (404)."""
    rows = User.objects.filter(user_principal_name=normalise_account_name(key))
    if object_id := find_id(key):
        rows = User.objects.filter(pk=object_id)
    user = rows.first()
    if user is None:
        raise missing(key)
    return user


def group(key: str) -> DirectoryGroup:
    found = DirectoryGroup.objects.filter(pk=object_id).first() if (object_id := find_id(key)) else None
    if found is None:
        raise missing(key)
    return found


def groups(ids: set[str]) -> list[DirectoryGroup]:
    """Raises GraphError (400) when one is no group of the directory."""
    wanted = {key: find_id(key) for key in ids}
    found = list(DirectoryGroup.objects.filter(pk__in=[key for key in wanted.values() if key]))
    if len(found) != len(ids):
        raise GraphError(400, "A target is neither all_users nor a group of the directory.")
    return found


def find_id(key: str) -> UUID | None:
    try:
        return UUID(key) if len(key) == 36 else None
    except ValueError:
        return None


def missing(key: str) -> GraphError:
    shown = "".join(c for c in key[:64] if c.isprintable())
    return GraphError(
        404,
        f"Resource '{shown}' does not exist or one of its queried reference-property objects are not present.",
        NOT_FOUND,
    )


def operator(caller: Caller) -> Operator:
    return Operator(user=caller.user, application=caller.application)


class OfPerson(GraphView):
    """A view under ``users/{key}`` or under ``me``: whose it is is read only after the caller was let in."""

    def person(self, key: str | None) -> User:
        if key is None:
            assert self.caller.user is not None  # `own` operations were refused otherwise
            return self.caller.user
        return person(key)
