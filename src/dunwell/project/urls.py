from django.urls import include, path

urlpatterns = [
    path("", include("dunwell.workbench.urls")),
    path("", include("dunwell.staff.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
