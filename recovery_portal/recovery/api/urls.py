from django.urls import path

from . import extensions, profiles, scopes

urlpatterns = [
    path("identity/verifiedId/profiles", profiles.Profiles.as_view()),
    path("identity/verifiedId/profiles/<str:key>", profiles.OneProfile.as_view()),
    path("identity/customAuthenticationExtensions", extensions.Extensions.as_view()),
    path("identity/customAuthenticationExtensions/<str:key>", extensions.OneExtension.as_view()),
    path("identity/authenticationEventListeners", extensions.Listeners.as_view()),
    path("identity/authenticationEventListeners/<str:key>", extensions.OneListener.as_view()),
    *scopes.urlpatterns,
]
