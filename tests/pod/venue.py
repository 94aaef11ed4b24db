"""A venue in the form of Coinbase Exchange behind TLS: product list over HTTPS, one book over
WebSocket, on one port.

    venue.py ADDRESS FOLDER       its port is the first line that it says; FOLDER gets ca.pem

The book stands still but for the size of one level, twenty times a second; once a second somebody
sells far below, so that a quote of ours would have been filled.
"""

import asyncio
import base64
import hashlib
import json
import ssl
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455
PRODUCTS = [{"id": "BTC-USD", "base_currency": "BTC", "quote_currency": "USD",
             "quote_increment": "0.01", "base_increment": "0.00000001", "status": "online",
             "cancel_only": False, "trading_disabled": False}]
SNAPSHOT = {"type": "snapshot", "product_id": "BTC-USD",
            "bids": [["60000.00", "2.0"], ["59990.00", "5.0"], ["59900.00", "9.0"]],
            "asks": [["60000.50", "2.0"], ["60010.00", "5.0"], ["60100.00", "9.0"]]}
SUBSCRIBED = {"type": "subscriptions",
              "channels": [{"name": "level2_batch", "product_ids": ["BTC-USD"]}]}
ORDER = "b87fa267-0000-4000-8000-b6c530a2207f"
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def frame(kind, payload):
    head = bytes([0x80 | kind])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    return head + bytes([126]) + len(payload).to_bytes(2, "big") + payload


async def heard(reader):
    """A frame of the client: its kind, its payload."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size > 125:
        size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
    mask = await reader.readexactly(4)
    payload = await reader.readexactly(size)
    return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


async def market(say):
    beats = 0
    while True:
        beats += 1
        size = f"{2 + beats % 2}.0"
        say({"type": "l2update", "product_id": "BTC-USD", "time": now(),
             "changes": [["buy", "60000.00", size]]})
        if beats % 20 == 0:
            say({"type": "match", "trade_id": beats, "maker_order_id": ORDER,
                 "taker_order_id": ORDER, "side": "buy", "size": "0.01", "price": "59900.00",
                 "product_id": "BTC-USD", "sequence": beats, "time": now()})
        await asyncio.sleep(0.05)


async def socket(reader, writer):
    def say(message):
        writer.write(frame(TEXT, json.dumps(message, separators=(",", ":")).encode()))

    texts, playing = 0, None
    try:
        while True:
            kind, payload = await heard(reader)
            if kind == CLOSE:
                return
            if kind == PING:
                writer.write(frame(PONG, payload))
            if kind == TEXT:
                texts += 1
            if texts == 2 and not playing:
                say(SUBSCRIBED)
                say(SNAPSHOT)
                playing = asyncio.create_task(market(say))
    finally:
        if playing:
            playing.cancel()


async def met(reader, writer):
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        keys = [line.split(": ", 1)[1] for line in head.split("\r\n")
                if line.lower().startswith("sec-websocket-key: ")]
        if keys:
            accept = base64.b64encode(hashlib.sha1((keys[0] + GUID).encode()).digest()).decode()
            writer.write(("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          f"Connection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n").encode())
            await socket(reader, writer)
        else:
            body = json.dumps(PRODUCTS)
            writer.write(("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}").encode())
            await writer.drain()
    except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
        pass
    finally:
        writer.close()


def certificate(address, folder):
    """A certificate of the address, which is also whom the engine is to believe."""
    (folder / "openssl.cnf").write_text(
        "[req]\ndistinguished_name = name\nx509_extensions = own\nprompt = no\n"
        "[name]\nCN = venue\n"
        f"[own]\nbasicConstraints = critical, CA:FALSE\nsubjectAltName = IP:{address}\n")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-config",
                    folder / "openssl.cnf", "-keyout", folder / "key.pem", "-out",
                    folder / "ca.pem"], check=True, capture_output=True)


async def main():
    address, folder = sys.argv[1], Path(sys.argv[2])
    certificate(address, folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "key.pem")
    server = await asyncio.start_server(met, "0.0.0.0", 0, ssl=context)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
