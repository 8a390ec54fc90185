/**
 * HEIC and AVIF (ISO/IEC 23008-12, 14496-12): boxes `length name …`; `meta` says which items there are and where in
 * `mdat` or `idat` they lie.
 *
 * The file stays as long as it is, so that all offsets stay right: zeros stand wherever no picture is. A box or a property
 * that is none of a still picture's is refused: a film beside the picture, or a maker's own.
 */

import { type Bytes, concat } from "../../protocol/documents.ts";
import { ascii, bigBytes, exactly, latin, type Piece, type Source, viewOf } from "./pieces.ts";

export const BRANDS: readonly string[] = ["heic", "heix", "heim", "heis", "mif1", "mif2", "avif"];
/** One of each at most. */
const IN_META = "hdlr pitm iinf iloc iref iprp idat grpl dinf".split(" ");
/** What is needed to draw; others name people and times (udes, crtt), or are unknown. */
const PROPERTIES = (
  "hvcC lhvC av1C jpgC ispe pixi pasp colr clap irot imir auxC " + "clli mdcv cclv amve rloc lsel tols oinf a1op a1lx"
).split(" ");
const PICTURES = ["hvc1", "hev1", "lhv1", "av01", "jpeg", "grid", "iovl", "iden", "tmap"];
const TEXTS = ["Exif", "mime", "uri "];
/** Exif without an entry: readers refuse mere zeros. */
const NO_EXIF = concat(bigBytes(0, 4), latin("MM\0*"), bigBytes(8, 4), bigBytes(0, 2), bigBytes(0, 4));
const MOST = 4 * 1024 * 1024; // bytes of `meta`, and of what is blanked in one place

/** Of the file: from, up to. */
type Range = readonly [from: number, to: number];

/** start: where in the file its content begins. */
interface Box {
  readonly name: string;
  readonly start: number;
  readonly content: Bytes;
}

/** said: where its name and its content's type stand. */
interface Item {
  readonly kind: string;
  readonly said: Range;
}

export async function clean(source: Source): Promise<readonly Piece[]> {
  const { meta, data } = await outermost(source);
  const boxes = boxesIn(meta, 4, IN_META);
  const inside = new Map(boxes.map((one) => [one.name, one]));
  const [iinf, iloc, idat] = [inside.get("iinf"), inside.get("iloc"), inside.get("idat")];
  if (inside.size < boxes.length || iinf === undefined || iloc === undefined) throw new RangeError();
  checkProperties(inside);
  const items = itemsIn(iinf);
  const { drawn, told, exif } = lying(iloc, items, idat);
  const areas = idat === undefined ? data : [...data, rangeOf(idat)];
  const gaps = areas.flatMap((area) => gapsIn(area, drawn));
  const areBetween = told.every(([from, to]) => gaps.some(([begin, end]) => begin <= from && to <= end));
  if (!areBetween) throw new RangeError();
  const said = [...items.values()].map((one) => one.said);
  const blank = [...gaps, ...said, ...handlerName(inside.get("hdlr"))].sort(inOrder);
  return blanked(source.size, blank, exif);
}

function inOrder([from, to]: Range, [otherFrom, otherTo]: Range): number {
  return from - otherFrom || to - otherTo;
}

function rangeOf({ start, content }: Box): Range {
  return [start, start + content.length];
}

/** `meta`, and where what it points to lies. */
async function outermost(source: Source): Promise<{ readonly meta: Box; readonly data: readonly Range[] }> {
  const [metas, data]: [Box[], Range[]] = [[], []];
  for (let at = 0; at < source.size; ) {
    const { name, start, end } = await box(source, at);
    if (name === "meta" && end - start <= MOST) {
      metas.push({ name, start, content: await exactly(source, start, end - start) });
    } else if (name === "mdat") data.push([start, end]);
    else if (name !== "ftyp") throw new RangeError();
    at = end;
  }
  const [meta, ...more] = metas;
  if (meta === undefined || more.length > 0) throw new RangeError();
  return { meta, data };
}

/** Name, and where what is inside begins and ends. */
async function box(source: Source, at: number) {
  const head = await exactly(source, at, 8);
  let [length, start] = [viewOf(head).getUint32(0), at + 8];
  if (length === 1) {
    const long = viewOf(await exactly(source, at + 8, 8));
    [length, start] = [long.getUint32(0) * 2 ** 32 + long.getUint32(4), at + 16];
  }
  const end = length === 0 ? source.size : at + length;
  if (!(start <= end && end <= source.size)) throw new RangeError();
  return { name: ascii(head, 4, 4), start, end };
}

/** The boxes inside, from there on. RangeError for one that is none of these. */
function boxesIn({ content, start }: Box, from: number, among: readonly string[]): readonly Box[] {
  const found: Box[] = [];
  const view = viewOf(content);
  for (let at = from; at < content.length; ) {
    const [length, name] = [view.getUint32(at), ascii(content, at + 4, 4)];
    if (length < 8 || at + length > content.length || !among.includes(name)) throw new RangeError();
    found.push({ name, start: start + at + 8, content: content.subarray(at + 8, at + length) });
    at += length;
  }
  return found;
}

function checkProperties(inside: ReadonlyMap<string, Box>): void {
  const [iprp, dinf] = [inside.get("iprp"), inside.get("dinf")];
  for (const one of iprp === undefined ? [] : boxesIn(iprp, 0, ["ipco", "ipma"])) {
    if (one.name === "ipco") boxesIn(one, 0, PROPERTIES);
  }
  if (dinf !== undefined && dinf.content.length > 28) throw new RangeError(); // more than «in this file»
}

function itemsIn({ content, start }: Box): ReadonlyMap<number, Item> {
  const view = viewOf(content);
  const short = view.getUint8(0) === 0;
  let at = short ? 6 : 8;
  const count = short ? view.getUint16(4) : view.getUint32(4);
  const items = new Map<number, Item>();
  for (let number = 0; number < count; number += 1) {
    const [length, name, version] = [view.getUint32(at), ascii(content, at + 4, 4), view.getUint8(at + 8)];
    if (name !== "infe" || (version !== 2 && version !== 3)) throw new RangeError();
    const wide = version === 3;
    const item = wide ? view.getUint32(at + 12) : view.getUint16(at + 12);
    const behind = at + (wide ? 16 : 14) + 6; // its number, its protection, its kind
    const [kind, end] = [ascii(content, behind - 4, 4), at + length];
    const isKnown = PICTURES.includes(kind) || TEXTS.includes(kind);
    if (!isKnown || !(behind <= end && end <= content.length) || items.has(item)) throw new RangeError();
    items.set(item, { kind, said: [start + behind, start + end] });
    at = end;
  }
  if (at !== content.length) throw new RangeError();
  return items;
}

/** Where pictures lie, where other items do, and where of these Exif begins. */
function lying(iloc: Box, items: ReadonlyMap<number, Item>, idat: Box | undefined) {
  const [drawn, told]: [Range[], Range[]] = [[], []];
  const exif = new Map<number, number>();
  for (const { item, method, start, length } of locations(iloc.content)) {
    const kind = items.get(item)?.kind;
    if (kind === undefined) throw new RangeError();
    const isPicture = PICTURES.includes(kind);
    if (isPicture && method === 2) continue; // made of bytes of other pictures
    if (method === 2 || length === 0) throw new RangeError(); // all of what it lies in
    if (method === 1 && idat === undefined) throw new RangeError();
    const from = method === 1 ? start + idat!.start : start;
    (isPicture ? drawn : told).push([from, from + length]);
    if (kind === "Exif" && !exif.has(item)) {
      if (length < NO_EXIF.length) throw new RangeError();
      exif.set(item, from);
    }
  }
  return { drawn, told, exif: [...exif.values()] };
}

interface Extent {
  readonly item: number;
  /** 0: in the file, 1: in `idat`, 2: in another item. */
  readonly method: number;
  readonly start: number;
  readonly length: number;
}

function* locations(iloc: Bytes): Generator<Extent> {
  const [version, , , , sizes, more] = iloc;
  if (version === undefined || sizes === undefined || more === undefined) throw new RangeError();
  const [offsetSize, lengthSize, baseSize, indexSize] = [sizes >> 4, sizes & 15, more >> 4, more & 15];
  let at = 6;
  const number = (width: number): number => {
    if (at + width > iloc.length) throw new RangeError();
    let value = 0;
    for (const byte of iloc.subarray(at, at + width)) value = value * 256 + byte;
    at += width;
    return value;
  };
  const items = number(version === 2 ? 4 : 2);
  for (let place = 0; place < items; place += 1) {
    const item = number(version === 2 ? 4 : 2);
    const method = version === 1 || version === 2 ? number(2) & 15 : 0;
    if (number(2) !== 0 || method > 2) throw new RangeError(); // in another file
    const base = number(baseSize);
    const extents = number(2);
    for (let extent = 0; extent < extents; extent += 1) {
      if (version === 1 || version === 2) number(indexSize);
      const start = base + number(offsetSize);
      yield { item, method, start, length: number(lengthSize) };
    }
  }
}

/** What of the area no picture needs. */
function gapsIn([begin, end]: Range, drawn: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let at = begin;
  for (const [from, to] of [...drawn].sort(inOrder)) {
    if (to <= at || from >= end) continue;
    if (from > at) gaps.push([at, from]);
    at = to;
  }
  return at < end ? [...gaps, [at, end]] : gaps;
}

/** Of the software, if it left one. */
function handlerName(hdlr: Box | undefined): readonly Range[] {
  return hdlr === undefined || hdlr.content.length <= 24 ? [] : [[hdlr.start + 24, hdlr.start + hdlr.content.length]];
}

function blanked(size: number, blank: readonly Range[], exif: readonly number[]): readonly Piece[] {
  const kept: Piece[] = [];
  let at = 0;
  for (const [from, to] of blank) {
    if (!(at <= from && from <= to && to <= size) || to - from > MOST) throw new RangeError();
    const zeros = new Uint8Array(to - from);
    for (const one of exif) if (from <= one && one < to) zeros.set(NO_EXIF, one - from);
    kept.push({ start: at, length: from - at }, zeros);
    at = to;
  }
  return [...kept, { start: at, length: size - at }];
}
