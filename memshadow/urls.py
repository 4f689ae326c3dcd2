"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from accounts.views.second_factor import admin_sign_in
from memories.views.home import home
from memshadow import views
from memshadow.api import alias_urlpatterns, api_urlpatterns, mem0_urlpatterns
from memshadow.mcp.endpoint import endpoint as mcp

handler400 = "memshadow.views.bad_request"
urlpatterns = [
    path("", home, name="home"),
    path("", include("memories.urls")),
    path("", include("enrichment.urls")),
    path("account/", include("accounts.urls")),
    path("", include("accounts.oauth.urls")),
    path("personas/", include("personas.urls")),
    path("", include("memories.gateway.urls")),
    path("admin/login/", admin_sign_in, name="admin_sign_in"),
    path("admin/", admin.site.urls),
    path("health/live", views.health_live, name="health_live"),
    path("health/ready", views.health_ready, name="health_ready"),
    path("mcp", mcp, name="mcp"),
    *api_urlpatterns,
    *alias_urlpatterns,
    *mem0_urlpatterns,
]
