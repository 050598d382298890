from django.contrib import admin
from django.urls import include, path

from api.health import answer_metrics

handler400 = "api.fallbacks.answer_unreadable"
handler404 = "api.fallbacks.answer_not_found"
handler500 = "api.fallbacks.answer_fault"

urlpatterns = [
    path("metrics", answer_metrics),
    path("api/v1/", include("api.v1.urls")),
    path("admin/", admin.site.urls),
    path("accounts/", include("frontend.accounts.urls")),
    path("", include("frontend.urls")),
]
