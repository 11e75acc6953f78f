import main


def test_health_says_ok():
    assert main.health() == {"status": "ok"}


def test_about_knows_the_library_of_postgres():
    assert main.about()["libpq"] > 100000
