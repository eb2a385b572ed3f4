from __future__ import annotations

import ssl

from kagami.net.dialled import tls


def test_all_connections_share_one_trust_that_checks_who_answers() -> None:
    assert tls() is tls()
    assert (tls().verify_mode, tls().check_hostname) == (ssl.CERT_REQUIRED, True)
