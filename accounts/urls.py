"""The portal's front door and Security info."""

from django.urls import path

from accounts import views
from accounts.passkeys import views as adding
from accounts.signin import views as signin

app_name = "accounts"
urlpatterns = [
    path("", signin.sign_in, name="sign_in"),
    path("sign-in/other/", signin.other_ways, name="other_ways"),
    path("sign-in/confirm/", signin.confirm, name="confirm"),
    path("sign-in/passkey/", signin.discovered_passkey, name="discovered_passkey"),
    path("sign-in/passkey/options/", signin.passkey_options, name="passkey_options"),
    path("sign-in/<str:method>/", signin.prompt, name="prompt"),
    path("sign-out/", views.sign_out, name="sign_out"),
    path("sign-out/everywhere/", views.sign_out_everywhere, name="sign_out_everywhere"),
    path("apps/", views.apps, name="apps"),
    path("operators/passkey/", views.operator_passkey, name="operator_passkey"),
    path("security-info/", views.security_info, name="security_info"),
    path("security-info/add/", adding.add_method, name="add_method"),
    path("security-info/add/passkey/", adding.add_passkey, name="add_passkey"),
    path("security-info/add/passkey/options/", adding.add_passkey_options, name="add_passkey_options"),
    path("security-info/add/authenticator-app/", adding.add_authenticator_app, name="add_authenticator_app"),
    path("security-info/added/<slug:kind>/", adding.method_added, name="method_added"),
    path("security-info/password/", views.change_password, name="change_password"),
    path("security-info/<str:method>/<str:row_id>/rename/", views.rename_method, name="rename_method"),
    path("security-info/<str:method>/<str:row_id>/delete/", views.remove_method, name="remove_method"),
]
