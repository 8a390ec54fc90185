"""The hub's own schema and resolvers behind graphene-django's GraphQLView, as its documentation has it."""

import os
from typing import Any

import django
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
django.setup()
settings.ROOT_URLCONF = __name__

from django.core.handlers.asgi import ASGIHandler  # noqa: E402 - Django must be set up first
from django.urls import path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from graphene_django.views import GraphQLView  # noqa: E402

from agencies import signing_in  # noqa: E402
from hub.answering import Context  # noqa: E402
from hub.schema import schema  # noqa: E402


class View(GraphQLView):  # type: ignore[misc]
    def get_context(self, request: Any) -> Context:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        return Context(signing_in.actor_of(token), "0", "")


urlpatterns = [path("graphql", csrf_exempt(View.as_view(schema=schema)))]
application = ASGIHandler()
