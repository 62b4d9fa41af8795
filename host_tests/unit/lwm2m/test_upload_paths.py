"""What a body in blocks may go to as it comes: a Resource, nothing else."""

from lwm2m.management.upload import upload


class Answer:
    """One to a request for a path; its Object must not be asked."""

    obj = None

    def __init__(self, path):
        self.path = path


def test_only_a_resource_has_a_sink():
    for path in ([], [19], [19, 0], [19, 0, 0, 0]):
        assert upload(Answer(path)) is None, path
