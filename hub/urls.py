"""What Django itself serves: nothing yet. `/graphql` and the health checks are beside it (hub/asgi.py)."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
