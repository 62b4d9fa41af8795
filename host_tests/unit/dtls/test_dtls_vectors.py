"""The primitives agree with published vectors: RFC 3610 (CCM), RFC 4231 (HMAC), P_SHA256."""

from binascii import unhexlify as h

from cryptolib import aes

from dtls.crypto import Ccm, hmac, prf

# RFC 3610 section 8, packet vectors: tag length, nonce, AAD's length, input, output
KEY_1 = h("C0C1C2C3C4C5C6C7C8C9CACBCCCDCECF")
KEY_2 = h("D7828D13B2B0BDC325A76236DF93CC6B")
COUNT = bytes(range(33))
PACKETS = (
    (1, KEY_1, 8, "00000003020100A0A1A2A3A4A5", COUNT[:8], COUNT[8:31],
     "588C979A61C663D2F066D0C2C0F989806D5F6B61DAC38417E8D12CFDF926E0"),
    (2, KEY_1, 8, "00000004030201A0A1A2A3A4A5", COUNT[:8], COUNT[8:32],
     "72C91A36E135F8CF291CA894085C87E3CC15C439C9E43A3BA091D56E10400916"),
    (3, KEY_1, 8, "00000005040302A0A1A2A3A4A5", COUNT[:8], COUNT[8:33],
     "51B1E5F44A197D1DA46B0F8E2D282AE871E838BB64DA8596574ADAA76FBD9FB0C5"),
    (4, KEY_1, 8, "00000006050403A0A1A2A3A4A5", COUNT[:12], COUNT[12:31],
     "A28C6865939A9A79FAAA5C4C2A9D4A91CDAC8C96C861B9C9E61EF1"),
    (7, KEY_1, 10, "00000009080706A0A1A2A3A4A5", COUNT[:8], COUNT[8:31],
     "0135D1B2C95F41D5D1D4FEC185D166B8094E999DFED96C048C56602C97ACBB7490"),
    (13, KEY_2, 8, "00412B4EA9CDBE3C9696766CFA", h("0BE1A88BACE018B1"),
     h("08E8CF97D820EA258460E96AD9CF5289054D895CEAC47C"),
     "4CB97F86A2A4689A877947AB8091EF5386A6FFBDD080F8E78CF7CB0CDDD7B3"),
)  # fmt: skip


def first(nonce):
    """Counter block 0 of a nonce of 13 bytes, in hex."""
    return b"\x01" + h(nonce) + bytes(2)


def test_aes_of_fips_197():
    key = h("000102030405060708090a0b0c0d0e0f")
    block = h("00112233445566778899aabbccddeeff")
    out = h("69c4e0d86a7b0430d8cdb78070b4c55a")
    assert aes(key, 1).encrypt(block) == out
    assert aes(key, 1).decrypt(out) == block
    cbc = aes(key, 2, block)
    assert cbc.encrypt(bytes(16)) == out


def test_cbc_both_ways():
    key, iv = bytes(range(16)), bytes(range(16, 32))
    text = bytes(range(48))
    out = aes(key, 2, iv).encrypt(text)
    assert aes(key, 2, iv).decrypt(out) == text


def test_ccm_packets_of_rfc_3610():
    for number, key, tag, nonce, aad, text, out in PACKETS:
        out = h(out)
        assert Ccm(key, b"", tag).crypt(first(nonce), aad, text) == out, number
        assert Ccm(key, b"", tag).crypt(first(nonce), aad, out, 0) == text, number


def test_one_object_serves_many_records():
    one = Ccm(KEY_1, b"")
    for _ in range(2):
        for number, _key, _tag, nonce, aad, text, out in PACKETS[:4]:
            assert one.crypt(first(nonce), aad, text) == h(out), number
            assert one.crypt(first(nonce), aad, h(out)[:-1] + b"x", 0) is None
            assert one.crypt(first(nonce), aad, h(out), 0) == text, number


def test_every_bit_counts():
    _, key, tag, nonce, aad, text, out = PACKETS[0]
    ccm = Ccm(key, b"", tag)
    out = bytearray(h(out))
    for i in range(len(out) * 8):
        out[i >> 3] ^= 1 << (i & 7)
        assert ccm.crypt(first(nonce), aad, bytes(out), 0) is None, i
        out[i >> 3] ^= 1 << (i & 7)
    assert ccm.crypt(first(nonce), aad[:-1] + b"\xff", bytes(out), 0) is None
    assert ccm.crypt(first(nonce), aad, bytes(out[:7]), 0) is None
    assert ccm.crypt(first(nonce), aad, bytes(out), 0) == text


def test_texts_of_any_length_come_back():
    for tag in (8, 16):
        ccm = Ccm(KEY_1, b"salt", tag)
        for size in (0, 1, 15, 16, 17, 63, 64, 65, 1200, 4063):
            text = bytes([i & 255 for i in range(size)])
            body = ccm.seal(b"", b"head", b"number..", text)[2:]
            assert len(body) == size + 8 + tag
            assert ccm.open(b"head", b"number..", body) == text
            assert ccm.open(b"Head", b"number..", body) is None


def test_hmac_of_rfc_4231():
    for key, data, out in (
        (b"\x0b" * 20, b"Hi There",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (b"Jefe", b"what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        (b"\xaa" * 20, b"\xdd" * 50,
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
        (bytes(range(1, 26)), b"\xcd" * 50,
         "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
        (b"\xaa" * 131, b"Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ):  # fmt: skip
        assert hmac(key, data) == h(out)


def test_the_prf_computes_no_hmac_that_nobody_needs():
    from dtls import crypto

    true, count = crypto.sha256, []

    def counted(data):
        count.append(len(data))
        return true(data)

    crypto.sha256 = counted
    try:
        for size, macs in ((0, 1), (1, 2), (12, 2), (32, 2), (33, 4), (48, 4), (96, 6)):
            count.clear()
            prf(b"secret", b"label", size)
            assert len(count) == 2 * macs, (size, len(count))
    finally:
        crypto.sha256 = true


def test_one_object_goes_on_from_record_to_record_of_any_length():
    a, b = Ccm(KEY_1, b"salt"), Ccm(KEY_1, b"salt")
    for size in (0, 300, 1, 16, 200, 1100, 15, 224, 208, 209):
        body = a.seal(b"", b"head", b"number..", bytes(size))[2:]
        assert body == Ccm(KEY_1, b"salt").seal(b"", b"head", b"number..", bytes(size))[2:]
        assert b.open(b"head", b"number..", body[:-1] + b"x") is None
        assert b.open(b"head", b"number..", body) == bytes(size)


def test_the_published_vector_of_the_prf():
    # "P_SHA256 test vector", IETF TLS mailing list, 2009; 100 bytes
    secret = h("9bbe436ba940f017b17652849a71db35")
    seed = h("a0ba9f936cda311827a6f796ffd5198c")
    out = (
        "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
        "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
        "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
        "87347b66"
    )
    assert prf(secret, b"test label" + seed, 100) == h(out)
