"""Addresses of the account pages."""

from django.urls import path

from accounts.views import entering, settings

app_name = "accounts"
urlpatterns = [
    path("login/", entering.SignIn.as_view(), name="login"),
    path("logout/", entering.sign_out, name="logout"),
    path("setup/<str:token>/", entering.setup, name="setup"),
    path("invitation/<str:token>/", entering.invitation, name="invitation"),
    path("", settings.account, name="account"),
    path("password/", settings.password, name="password"),
    path("api-keys/", settings.api_keys, name="api_keys"),
    path("api-keys/<uuid:key_id>/revoke/", settings.api_key_revoke, name="api_key_revoke"),
    path("invitations/", settings.invitations, name="invitations"),
    path("invitations/<uuid:invitation_id>/withdraw/", settings.invitation_revoke, name="invitation_revoke"),
]
