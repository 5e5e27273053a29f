# Django REST framework API Key on SQLite behind gunicorn, as `cargo xtask bench` measures it:
# python rest-framework.py ADDRESS DATABASE

import multiprocessing
import sys

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
from gunicorn.app.base import BaseApplication

address, file = sys.argv[1:]
settings.configure(
    ALLOWED_HOSTS=["*"],
    API_KEY_CUSTOM_HEADER="HTTP_X_API_KEY",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": file, "CONN_MAX_AGE": None}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["rest_framework", "rest_framework_api_key"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "UNAUTHENTICATED_USER": None,
    },
    ROOT_URLCONF=__name__,
    SECRET_KEY="for a bench",
)
django.setup()

from django.core.management import call_command  # noqa: E402, as it needs the settings
from django.core.wsgi import get_wsgi_application  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.views import APIView  # noqa: E402
from rest_framework_api_key.models import APIKey  # noqa: E402
from rest_framework_api_key.permissions import HasAPIKey  # noqa: E402


class WhoAmI(APIView):
    permission_classes = [HasAPIKey]

    def get(self, request):
        return Response({"success": True, "data": {"type": "api_key", "name": "Bench"}})


urlpatterns = [path("readiness", lambda request: HttpResponse()), path("", WhoAmI.as_view())]


class Server(BaseApplication):
    def load_config(self):
        options = {"bind": address, "workers": multiprocessing.cpu_count(), "worker_class": "gthread", "threads": 4, "control_socket_disable": True}
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self):
        return get_wsgi_application()


call_command("migrate", verbosity=0)
_, key = APIKey.objects.create_key(name="Bench")
print("key", key, flush=True)
django.db.connections.close_all()
Server().run()
