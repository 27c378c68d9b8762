#!/usr/bin/env python3
"""Verifies a ledger's file with nothing of Postern: verify.py ledger.ndjson key.pem (Python 3.8 or newer, and openssl)."""
import base64, hashlib, json, subprocess, sys, tempfile

path, pem = sys.argv[1:]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_signed(head: dict) -> bool:
    names = ["placeId", "epoch", "firstSequence", "before", "sequence", "hash", "at"]
    words = ["place", "epoch", "first", "before", "sequence", "hash", "at"]
    text = "\n".join(["postern ledger head 1"] + [f"{word} {head[name]}" for word, name in zip(words, names)])
    with tempfile.NamedTemporaryFile() as data, tempfile.NamedTemporaryFile() as signature:
        data.write(text.encode())
        signature.write(base64.urlsafe_b64decode(head["signature"] + "=="))
        data.flush(), signature.flush()
        command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", pem, "-rawin", "-in", data.name, "-sigfile", signature.name]
        return subprocess.run(command, capture_output=True).returncode == 0


with open(path, "rb") as lines:
    first = json.loads(next(lines))["ledger"]
    sequence, chain, head = first["firstSequence"] - 1, first["before"], None
    for number, line in enumerate(lines, 2):
        line = line.rstrip(b"\n")
        if line.startswith(b'{"hash":"'):
            # The event stands in its line byte for byte as it was hashed.
            event = line[83:-1]
            chain, sequence, head = sha256((chain + sha256(event)).encode()), sequence + 1, None
            if json.loads(event)["sequence"] != sequence or line[9:73].decode() != chain:
                sys.exit(f"line {number} is wrong: the sequence {sequence} was due")
        else:
            head = json.loads(line)["head"]
            if not is_signed(head) or (head["sequence"], head["hash"], head["placeId"]) != (sequence, chain, first["placeId"]):
                sys.exit(f"line {number} holds a head that was not signed, or not over these events")

if head is None or (head["sequence"], head["firstSequence"], head["before"]) != (first["through"], first["firstSequence"], first["before"]):
    sys.exit("the file is not whole")
print(f"whole: place {head['placeId']}, events {head['firstSequence']} to {head['sequence']}, epoch {head['epoch']}")
