from __future__ import annotations

from django.urls import path

from dunwell.staff import views

app_name = "staff"
urlpatterns = [
    path("sign-in/", views.sign_in_page, name="sign-in"),
    path("sign-out/", views.sign_out_page, name="sign-out"),
    path("password/", views.password_page, name="password"),
]
