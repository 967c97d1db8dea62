"""The first error of a task group, for a log line or a condition."""


def first_error(group: BaseExceptionGroup[Exception]) -> Exception:
    """Return the first error that isn't a group itself."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, Exception)  # noqa: S101 - the type of the group's members
    return error
