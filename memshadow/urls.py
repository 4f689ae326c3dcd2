"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path

from memories.views.home import home
from memshadow import views
from memshadow.api import alias_urlpatterns, api_urlpatterns

urlpatterns = [
    path("", home, name="home"),
    path("", include("memories.urls")),
    path("account/", include("accounts.urls")),
    path("personas/", include("personas.urls")),
    path("admin/", admin.site.urls),
    path("health/live", views.health_live, name="health_live"),
    path("health/ready", views.health_ready, name="health_ready"),
    *api_urlpatterns,
    *alias_urlpatterns,
]
