import os

from django.core.wsgi import get_wsgi_application

from tsubame_portal.settled import settle

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tsubame_portal.settings")

application = get_wsgi_application()
settle()
