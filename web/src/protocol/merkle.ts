/** The tree of a log (RFC 9162 §2.1): leaf and node hashes, roots, proofs and their verification. */

import { type Bytes, compareBytes, concat, sha256, unb64 } from "./documents.ts";
import { Refused } from "./errors.ts";

export const EMPTY_ROOT: Bytes = unb64("47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"); // SHA-256 of nothing

const LEAF = new Uint8Array([0]);
const NODE = new Uint8Array([1]);

export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(concat(LEAF, entry));
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(concat(NODE, left, right));
}

/** The root over leaf hashes. */
export async function root(leaves: readonly Bytes[]): Promise<Bytes> {
  let tree = Growing.empty;
  for (const leaf of leaves) tree = await tree.append(leaf);
  return tree.root();
}

/**
 * A tree that only grows: the roots of its full subtrees, largest first; constant work to append.
 *
 * `append` gives the larger tree and leaves this one as it is, so that whoever awaits it never meets half a tree.
 */
export class Growing {
  static readonly empty = new Growing(0, []);

  readonly size: number;
  readonly #peaks: readonly Bytes[];

  private constructor(size: number, peaks: readonly Bytes[]) {
    this.size = size;
    this.#peaks = peaks;
  }

  /** The tree with one more leaf hash. */
  async append(leaf: Bytes): Promise<Growing> {
    const peaks = [...this.#peaks];
    let node = leaf;
    for (let size = this.size + 1; size % 2 === 0; size /= 2) node = await nodeHash(peaks.pop()!, node);
    return new Growing(this.size + 1, [...peaks, node]);
  }

  async root(): Promise<Bytes> {
    const peaks = [...this.#peaks];
    let node = peaks.pop();
    if (node === undefined) return EMPTY_ROOT;
    for (const peak of peaks.reverse()) node = await nodeHash(peak, node);
    return node;
  }
}

/** RFC 9162 §2.1.3.1: PATH(index, leaves). */
export async function inclusionProof(leaves: readonly Bytes[], index: number): Promise<Bytes[]> {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length) throw new RangeError("no such leaf");
  if (leaves.length === 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (index < split) return [...(await inclusionProof(left, index)), await root(right)];
  return [...(await inclusionProof(right, index - split)), await root(left)];
}

/** RFC 9162 §2.1.4.1: PROOF(size1, leaves). */
export async function consistencyProof(leaves: readonly Bytes[], size1: number): Promise<Bytes[]> {
  if (!Number.isInteger(size1) || size1 <= 0 || size1 > leaves.length) throw new RangeError("no such tree");
  return subproof(size1, leaves, true);
}

async function subproof(size1: number, leaves: readonly Bytes[], whole: boolean): Promise<Bytes[]> {
  if (size1 === leaves.length) return whole ? [] : [await root(leaves)];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  if (size1 <= split) return [...(await subproof(size1, left, whole)), await root(right)];
  return [...(await subproof(size1 - split, right, false)), await root(left)];
}

/** The largest power of two smaller than size. */
function splitOf(size: number): number {
  let split = 1;
  while (split * 2 < size) split *= 2;
  return split;
}

/** RFC 9162 §2.1.3.2; hashes of 32 bytes and the exact length insisted on. Else `proof_invalid`. */
export async function verifyInclusion(
  index: number,
  size: number,
  leaf: Bytes,
  proof: readonly Bytes[],
  expected: Bytes,
): Promise<void> {
  if (!areSizes(index, size) || index < 0 || index >= size || !areHashes([leaf, expected, ...proof])) throw invalid();
  let [fn, sn, node] = [index, size - 1, leaf];
  for (const step of proof) {
    if (sn === 0) throw invalid();
    if (isOdd(fn) || fn === sn) {
      node = await nodeHash(step, node);
      while (!isOdd(fn) && fn > 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      node = await nodeHash(node, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0 || !areEqual(node, expected)) throw invalid();
}

/** RFC 9162 §2.1.4.2, for size1 ≥ 1; hashes of 32 bytes and the exact length insisted on. Else `proof_invalid`. */
export async function verifyConsistency(
  size1: number,
  size2: number,
  root1: Bytes,
  root2: Bytes,
  proof: readonly Bytes[],
): Promise<void> {
  if (!areSizes(size1, size2) || size1 < 1 || size1 > size2) throw invalid();
  if (!areHashes([root1, root2, ...proof])) throw invalid();
  if (size1 === size2) {
    if (proof.length > 0 || !areEqual(root1, root2)) throw invalid();
    return;
  }
  const [first, ...rest] = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  if (first === undefined) throw invalid();
  let [fn, sn] = [size1 - 1, size2 - 1];
  while (isOdd(fn)) [fn, sn] = [half(fn), half(sn)];
  let [before, after] = [first, first];
  for (const step of rest) {
    if (sn === 0) throw invalid();
    if (isOdd(fn) || fn === sn) {
      [before, after] = [await nodeHash(step, before), await nodeHash(step, after)];
      while (!isOdd(fn) && fn > 0) [fn, sn] = [half(fn), half(sn)];
    } else {
      after = await nodeHash(after, step);
    }
    [fn, sn] = [half(fn), half(sn)];
  }
  if (sn !== 0 || !areEqual(before, root1) || !areEqual(after, root2)) throw invalid();
}

function invalid(): Refused {
  return new Refused("proof_invalid");
}

// Sizes go up to 2^53−1, and the operators on bits see 32 of them only.

function half(size: number): number {
  return Math.floor(size / 2);
}

function isOdd(size: number): boolean {
  return size % 2 === 1;
}

function isPowerOfTwo(size: number): boolean {
  let rest = size;
  while (!isOdd(rest)) rest /= 2;
  return rest === 1;
}

function areSizes(...sizes: readonly number[]): boolean {
  return sizes.every(Number.isSafeInteger);
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === 32);
}

function areEqual(one: Uint8Array, other: Uint8Array): boolean {
  return compareBytes(one, other) === 0;
}
