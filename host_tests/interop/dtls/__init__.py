"""lib/dtls against servers that are not ours: OpenSSL; tshark reads what was said."""
