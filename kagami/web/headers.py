"""What every answer of the port and of the socket says beside its body."""

from __future__ import annotations

from typing import Final

# A page of the console says its own `Content-Security-Policy`; everything else is nobody's page.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "kagami",
}
