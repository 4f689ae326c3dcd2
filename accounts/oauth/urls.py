"""The addresses of OAuth that clients know by standard or by metadata, at the root of the server."""

from django.urls import path

from accounts.views import oauth, oauth_endpoints

app_name = "oauth"
_RESOURCE = ".well-known/oauth-protected-resource"
urlpatterns = [
    path("oauth/authorize", oauth.authorize, name="authorize"),
    path("oauth/token", oauth_endpoints.token, name="token"),
    path("oauth/revoke", oauth_endpoints.revoke, name="revoke"),
    path("oauth/introspect", oauth_endpoints.introspect, name="introspect"),
    path("oauth/register", oauth_endpoints.register, name="register"),
    path("oauth/device-authorization", oauth_endpoints.device_authorization, name="device_authorization"),
    path(".well-known/oauth-authorization-server", oauth_endpoints.authorization_server, name="authorization_server"),
    path(_RESOURCE, oauth_endpoints.protected_resource, name="protected_resource"),
    path(f"{_RESOURCE}/<path:path>", oauth_endpoints.protected_resource, name="protected_resource_part"),
]
