"""Changes the address, and nothing else, of what the libraries ask of WeChat: most have its hosts written into their code."""

import contextlib

import requests.adapters

_HOSTS = ("https://api.weixin.qq.com/", "https://open.weixin.qq.com/", "https://mp.weixin.qq.com/")
_send = requests.adapters.HTTPAdapter.send
_base = None


def moved(url):
    """The same address at whoever plays WeChat now."""
    for host in _HOSTS:
        if url.startswith(host):
            return f"{_base}/{url.removeprefix(host)}"
    if not url.startswith("http://127.0.0.1:"):
        raise AssertionError(f"{url} is asked for")
    return url


def _moved_send(self, request, *args, **options):
    request.url = moved(request.url)
    return _send(self, request, *args, **options)


@contextlib.contextmanager
def wechat_is(base):
    """Until the end of the block WeChat is at `base`."""
    global _base
    before, _base = _base, base
    requests.adapters.HTTPAdapter.send = _moved_send
    try:
        yield
    finally:
        _base = before
