"""The numbers under which the original logs that an extension could not be asked."""

from enum import IntEnum


class ExtensionError(IntEnum):
    """All of them, so that a reader of logs finds each; those marked with a star cannot happen here."""

    EventHandlerUnexpectedError = 1003000
    UnexpectedError = 1003001
    InvalidHTTPStatus = 1003002
    InvalidResponseBody = 1003003
    ThrottlingError = 1003004
    TimedOut = 1003005
    InvalidResponseContentType = 1003006
    NullClaimsResponse = 1003007
    InvalidResponseApiSchemaVersion = 1003008
    EmptyResponse = 1003009
    InvalidNumberOfActions = 1003010
    NotFound = 1003011
    InvalidActionType = 1003012
    IncorrectResourceIdFormat = 1003014
    DomainNameDoesNotMatch = 1003015
    ResourceServicePrincipalNotFound = 1003016
    ClientServicePrincipalNotFound = 1003017  # * the caller is the portal itself
    ClientServiceDisabled = 1003018  # * as above
    ResourceServicePrincipalDisabled = 1003019
    IncorrectTargetUrlFormat = 1003020
    PermissionNotGrantedToServicePrincipal = 1003021
    MsGraphServicePrincipalDisabledOrNotFound = 1003022  # * Graph is the portal itself, too
    Blocked = 1003023
    ResponseSizeExceeded = 1003024
    ResponseClaimsSizeExceeded = 1003025
    NullOrEmptyClaimKeyNotSupported = 1003026
    ConnectionError = 1003027

    @property
    def title(self) -> str:
        """As the log writes it: ``1003005 CustomExtensionTimedOut``."""
        prefix = "" if self is ExtensionError.EventHandlerUnexpectedError else "CustomExtension"
        return f"{self.value} {prefix}{self.name}"
