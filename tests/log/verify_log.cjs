// The log, verified by @sigstore/verify, which shares no code with Ortoo: its reader of C2SP checkpoints and its verifier
// of RFC 6962 inclusion proofs. Takes a file of JSON; says "verified", or what it refuses.
const { createHash, createPublicKey } = require("node:crypto");
const { LogCheckpoint, verifyCheckpoint } = require("@sigstore/verify/dist/tlog/checkpoint.js");
const { verifyMerkleInclusion } = require("@sigstore/verify/dist/tlog/merkle.js");

const { note, name, key, index, entry, proof } = JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8"));
const raw = Buffer.from(key, "base64");
const publicKey = createPublicKey({
  key: Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw]), // RFC 8410
  format: "der",
  type: "spki",
});
const id = createHash("sha256").update(`${name}\n`).update(Buffer.from([1])).update(raw).digest(); // C2SP signed-note
const logged = {
  canonicalizedBody: Buffer.from(entry, "base64"),
  inclusionProof: {
    logIndex: String(index),
    hashes: proof.map((one) => Buffer.from(one, "base64")),
    checkpoint: { envelope: note },
  },
};
try {
  const checkpoint = verifyCheckpoint(logged, [{ logID: id, baseURL: `https://${name}`, publicKey }]);
  if (!(checkpoint instanceof LogCheckpoint) || checkpoint.origin !== name) throw new Error("another log");
  verifyMerkleInclusion(logged, checkpoint);
  console.log(`verified ${checkpoint.logSize}`);
} catch (error) {
  console.log(error.message);
}
