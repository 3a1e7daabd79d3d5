from tests.pictures import IMAGES, shown


def test_the_pictures_kept_are_the_pictures_shown() -> None:
    assert {path.name for path in IMAGES.iterdir()} == shown()
    assert shown(), "README and docs show what the product looks like"
