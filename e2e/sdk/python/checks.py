"""One plain line for each check, and what the libraries' errors are held against."""

import traceback

_failed = 0
_prefix = ""


def group(name):
    """The checks that follow are about this library."""
    global _prefix
    _prefix = name


def check(what, body):
    """Runs `body`: what it asserts must hold. Gives its result back, or None."""
    global _failed
    try:
        result = body()
    except Exception as error:
        _failed += 1
        place = traceback.extract_tb(error.__traceback__)[-1]
        print(f"FAILED  {_prefix}: {what}: {type(error).__name__}: {error} ({place.name}, line {place.lineno})", flush=True)
        return None
    print(f"ok      {_prefix}: {what}", flush=True)
    return result


def same(seen, wanted):
    if seen != wanted:
        raise AssertionError(f"{seen!r}, should be {wanted!r}")


def refused(kind, wanted, body, code=lambda error: error.errcode):
    """`body` must end with the library's own error, which tells WeChat's errcode."""
    try:
        seen = body()
    except kind as error:
        same(code(error), wanted)
        return error
    raise AssertionError(f"{wanted} was to come, there came {seen!r}")


def failed():
    return _failed > 0
