from django.urls import path

from . import profiles, scopes

urlpatterns = [
    path("identity/verifiedId/profiles", profiles.Profiles.as_view()),
    path("identity/verifiedId/profiles/<str:key>", profiles.OneProfile.as_view()),
    *scopes.urlpatterns,
]
