"""Refusals of the accounts room. The code is stable; the reason is for operators and logs."""

from recovery_portal.kit.errors import DomainError


class MethodRefused(DomainError):
    """The proof offered for a sign-in does not hold: a wrong password, code or assertion. Nothing happened."""


class LastMethod(DomainError):
    """Without this method the person could not sign in any more."""


class MethodNotFound(DomainError):
    """The user has no such method."""


class SignInNotFresh(DomainError):
    """A change of factors needs a sign-in of the last minutes (ASVS 7.5.1)."""


class RegistrationRefused(DomainError):
    """The new method cannot be accepted."""


class PasswordRefused(DomainError):
    """The new password is not acceptable; the reason may be shown to the person."""


class NotPermitted(DomainError):
    """The operator may do this, but not to this account, or not so. Codes: own_account, operator_account,
    passkey_missing."""


class DirectoryRefused(DomainError):
    """The directory cannot hold this. Codes: name_taken, name_invalid, not_a_member, already_a_member."""


class PolicyRefused(DomainError):
    """The policy stays as it is. Codes: operators_locked_out."""


class ContactRefused(DomainError):
    """The phone or mail address cannot be kept, changed or deleted so. Codes: kind_taken, mobile_missing,
    mobile_needed, contact_not_found."""
