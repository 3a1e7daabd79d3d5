from django.urls import path, register_converter

from recovery_portal.demo import people, views


class KnownPerson:
    regex = "|".join(people.PEOPLE)
    to_python = to_url = staticmethod(str)


class KnownPicture:
    regex = "|".join(["portrait", "selfie1", *people.MOTIONS])
    to_python = to_url = staticmethod(str)


register_converter(KnownPerson, "person")
register_converter(KnownPicture, "picture")

app_name = "demo"
urlpatterns = [
    path("", views.tour, name="tour"),
    path("people/<person:person>/<picture:name>.jpg", views.picture, name="picture"),
]
