// Verifies a checkpoint with node's crypto and nothing of this repository: node verify.js CHECKPOINT VKEY…
// Formats: c2sp.org/signed-note, c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature. Every key must have signed.
const fs = require("fs");
const crypto = require("crypto");

const [file, ...keys] = process.argv.slice(2);
const note = fs.readFileSync(file, "utf8");
const split = note.indexOf("\n\n");
const text = note.slice(0, split + 1);
if (!/^[^\n]+\n(0|[1-9][0-9]*)\n[A-Za-z0-9+/]{43}=\n$/.test(text)) throw new Error("not a checkpoint");
const signatures = note.slice(split + 2).trimEnd().split("\n").map((line) => {
  const m = /^— (\S+) (\S+)$/.exec(line);
  if (!m) throw new Error("not a signature: " + line);
  return { name: m[1], bytes: Buffer.from(m[2], "base64") };
});

for (const path of keys) {
  const line = fs.readFileSync(path, "utf8").trim();
  const [name, hash] = line.split("+", 2);
  const key = Buffer.from(line.slice(name.length + hash.length + 2), "base64");
  const id = crypto.createHash("sha256").update(name + "\n").update(key).digest().subarray(0, 4);
  if (id.toString("hex") !== hash) throw new Error("the key's hash is wrong: " + path);
  const algorithm = key[0]; // 1: Ed25519, 4: Ed25519 with a timestamp
  const found = signatures.find((s) => s.name === name && s.bytes.subarray(0, 4).equals(id));
  if (!found) throw new Error(name + " did not sign");
  let signed = text;
  let signature = found.bytes.subarray(4);
  if (algorithm === 4) {
    signed = "cosignature/v1\ntime " + signature.readBigUInt64BE(0) + "\n" + text;
    signature = signature.subarray(8);
  }
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key.subarray(1)]); // RFC 8410
  const publicKey = crypto.createPublicKey({ key: spki, format: "der", type: "spki" });
  if (!crypto.verify(null, Buffer.from(signed), publicKey, signature)) throw new Error("the signature of " + name + " is wrong");
  console.log("signed by " + name);
}
