"""People who may enter the admin."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client


def staff(*permissions: str) -> Client:
    """Dora at her browser: she may enter the admin, and has these permissions and no other."""
    user = get_user_model().objects.create_user("dora", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client
