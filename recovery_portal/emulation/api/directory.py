"""The portal's people, groups, profiles, policies and operators, set up for a test."""

from typing import Final

from recovery_portal.kit import clock
from recovery_portal.testing import shapes, wishes

from ..doors import operation
from ..flows import extensions, seeding

_PORTAL: Final = frozenset({"portal"})


@operation("POST", "users", takes=wishes.NewUser, answers=shapes.SeededUser, houses=_PORTAL)
def seed_user(given: wishes.NewUser) -> shapes.SeededUser:
    """A person of the directory; one of that name is changed to be so."""
    user = seeding.seed_user(given, at=clock.now())
    return shapes.SeededUser(str(user.pk), user.user_principal_name, user.display_name, given.password)


@operation("POST", "groups", takes=wishes.NewGroup, answers=shapes.SeededGroup, houses=_PORTAL)
def seed_group(given: wishes.NewGroup) -> shapes.SeededGroup:
    """A group with exactly these members."""
    group = seeding.seed_group(given, at=clock.now())
    return shapes.SeededGroup(str(group.pk), group.display_name)


@operation("POST", "profiles", takes=wishes.NewProfile, answers=shapes.SeededProfile, houses=_PORTAL)
def seed_profile(given: wishes.NewProfile) -> shapes.SeededProfile:
    """A recovery profile; one of that name is changed to be so."""
    profile = seeding.seed_profile(given, at=clock.now())
    return shapes.SeededProfile(str(profile.pk), profile.name, profile.mode)


@operation("POST", "extensions", takes=wishes.NewExtension, answers=shapes.SeededExtension, houses=_PORTAL)
def seed_extension(given: wishes.NewExtension) -> shapes.SeededExtension:
    """A custom authentication extension that may receive claims; one of that name is changed to be so."""
    extension = extensions.seed_extension(given, at=clock.now())
    return shapes.SeededExtension(str(extension.pk), extension.display_name, extension.resource_id)


@operation("PUT", "tap-policy", takes=wishes.TapPolicy, houses=_PORTAL)
def set_tap_policy(given: wishes.TapPolicy) -> None:
    """Change the Temporary Access Pass policy."""
    seeding.set_tap_policy(given, at=clock.now())


@operation("POST", "operators", takes=wishes.NewOperator, answers=shapes.SeededOperator, houses=_PORTAL)
def seed_operator(given: wishes.NewOperator) -> shapes.SeededOperator:
    """An operator with a role, and a new password."""
    user, password = seeding.seed_operator(given, at=clock.now())
    return shapes.SeededOperator(user.user_principal_name, password)


@operation("POST", "introduction/portal", houses=_PORTAL)
def introduce_provider() -> None:
    """The portal knows the installation's own provider."""
    seeding.introduce_provider()
