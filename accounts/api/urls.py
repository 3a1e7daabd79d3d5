from django.urls import path

from . import audits, contacts, methods, passkey_policy, people, policies

_METHODS = "users/<str:key>/authentication"

urlpatterns = [
    path("me", people.Me.as_view()),
    path("me/authentication/methods", methods.MyMethods.as_view()),
    path("me/authentication/methods/<str:row_id>", methods.MyMethod.as_view()),
    path("me/authentication/phoneMethods", contacts.MyPhoneMethods.as_view()),
    path("me/authentication/emailMethods", contacts.MyEmailMethods.as_view()),
    path("me/authentication/passwordMethods", methods.MyPasswordMethods.as_view()),
    path("me/authentication/fido2Methods", methods.MyFido2Methods.as_view()),
    path("me/authentication/fido2Methods/<str:row_id>", methods.MyFido2Method.as_view()),
    path("me/authentication/softwareOathMethods", methods.MySoftwareOathMethods.as_view()),
    path("users", people.Users.as_view()),
    path("users/$count", people.UserCount.as_view()),
    path("users/<str:key>", people.OneUser.as_view()),
    path("users/<str:key>/memberOf", people.MemberOf.as_view()),
    path(f"{_METHODS}/methods", methods.Methods.as_view()),
    path(f"{_METHODS}/methods/<str:row_id>", methods.OneMethod.as_view()),
    path(f"{_METHODS}/methods/<str:row_id>/resetPassword", methods.PasswordReset.as_view()),
    path(f"{_METHODS}/passwordMethods", methods.PasswordMethods.as_view()),
    path(f"{_METHODS}/passwordMethods/<str:row_id>", methods.OnePasswordMethod.as_view()),
    path(f"{_METHODS}/phoneMethods", contacts.PhoneMethods.as_view()),
    path(f"{_METHODS}/phoneMethods/<str:row_id>", contacts.OnePhoneMethod.as_view()),
    path(f"{_METHODS}/emailMethods", contacts.EmailMethods.as_view()),
    path(f"{_METHODS}/emailMethods/<str:row_id>", contacts.OneEmailMethod.as_view()),
    path(f"{_METHODS}/softwareOathMethods", methods.SoftwareOathMethods.as_view()),
    path(f"{_METHODS}/softwareOathMethods/<str:row_id>", methods.OneSoftwareOathMethod.as_view()),
    path(f"{_METHODS}/fido2Methods", methods.Fido2Methods.as_view()),
    # A function is called with its brackets, which the SDK writes and people leave out.
    path(f"{_METHODS}/fido2Methods/creationOptions", methods.CreationOptions.as_view()),
    path(f"{_METHODS}/fido2Methods/creationOptions()", methods.CreationOptions.as_view()),
    path(
        f"{_METHODS}/fido2Methods/creationOptions(challengeTimeoutInMinutes=<str:minutes>)",
        methods.TimedCreationOptions.as_view(),
    ),
    path(f"{_METHODS}/fido2Methods/<str:row_id>", methods.OneFido2Method.as_view()),
    path("groups", people.Groups.as_view()),
    path("groups/$count", people.GroupCount.as_view()),
    path("groups/<str:key>", people.OneGroup.as_view()),
    path("groups/<str:key>/members", people.Members.as_view()),
    path("groups/<str:key>/members/$count", people.MemberCount.as_view()),
    path("groups/<str:key>/members/$ref", people.MemberReferences.as_view()),
    path("groups/<str:key>/members/<str:member>/$ref", people.MemberReference.as_view()),
    path("policies/authenticationMethodsPolicy", policies.MethodsPolicy.as_view()),
    path("policies/authenticationMethodsPolicy/authenticationMethodConfigurations", policies.Configurations.as_view()),
    path(
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/Fido2",
        passkey_policy.Fido2Policy.as_view(),
    ),
    path(
        "policies/authenticationMethodsPolicy/authenticationMethodConfigurations/<str:name>",
        policies.OneConfiguration.as_view(),
    ),
    path("auditLogs/directoryAudits", audits.DirectoryAudits.as_view()),
    path("auditLogs/directoryAudits/<str:key>", audits.OneDirectoryAudit.as_view()),
    path("auditLogs/signIns", audits.SignIns.as_view()),
    path("auditLogs/signIns/<str:key>", audits.OneSignIn.as_view()),
]
