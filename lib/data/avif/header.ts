/**
 * Properties of an AVIF file's picture: its size, crop, orientation and colour space.
 *
 * @module
 */

import type { Crop } from "../orientation.ts";
import { boxes, type HeifBox } from "./boxes.ts";
import { sequenceColour } from "./sequence_header.ts";

/** Properties of the picture. */
export interface AvifHeader {
  /** Columns and rows of the largest picture in the file. Tiles and transparency are pictures as well. */
  readonly size?: readonly [width: number, height: number];
  /** The orientation as an EXIF value. EXIF data themselves are ignored in AVIF. */
  readonly orientation?: number;
  /** The part of the stored picture that is shown. */
  readonly crop?: Crop;
  /** The colour space, if the picture is HDR. */
  readonly hdr?: HdrColour;
}

/** The colour space of an HDR picture. */
export interface HdrColour {
  /** Transfer function: PQ or HLG of BT.2100. */
  readonly transfer: "PQ" | "HLG";
  /** Primaries by their number in ITU-T H.273. */
  readonly primaries: number;
}

/** Transfer functions by their number in ITU-T H.273. */
const TRANSFERS: ReadonlyMap<number, HdrColour["transfer"]> = new Map([[16, "PQ"], [18, "HLG"]]);
/** Most pictures, properties or links. No real file has more. */
const MAX_ENTRIES = 100_000;

/** The parts of a file's `meta` box that are read. */
interface Meta {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly children: readonly HeifBox[];
  readonly properties: readonly HeifBox[];
}

/**
 * Reads a file's header.
 *
 * @throws {RangeError} If the file ends inside the header.
 */
export function readAvifHeader(bytes: Uint8Array): AvifHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const meta = boxes(view, 0, bytes.length).find(({ type }) => type === "meta");
  if (!meta) return {};
  const children = boxes(view, meta.start + 4, meta.end);
  const child = (type: string): HeifBox | undefined => children.find((box) => box.type === type);
  const [iprp, pitm] = [child("iprp"), child("pitm")];
  if (!iprp || !pitm) return {};
  const inside = boxes(view, iprp.start, iprp.end);
  const ipco = inside.find(({ type }) => type === "ipco");
  if (!ipco) return {};
  const file: Meta = { view, bytes, children, properties: boxes(view, ipco.start, ipco.end) };
  const associations = inside.filter(({ type }) => type === "ipma");
  const propertiesOf = (item: number): HeifBox[] => associations.flatMap((box) => associated(file, box, item));

  const primary = view.getUint8(pitm.start) === 0 ? view.getUint16(pitm.start + 4) : view.getUint32(pitm.start + 4);
  const own = propertiesOf(primary);
  const sizes = file.properties.filter(({ type }) => type === "ispe").map(({ start }) =>
    [view.getUint32(start + 4), view.getUint32(start + 8)] as const
  );
  const tile = firstTile(file, primary);
  const colour = nclx(view, own) ?? (tile === undefined ? undefined : nclx(view, propertiesOf(tile))) ??
    streamColour(file, tile ?? primary);
  const transfer = colour && TRANSFERS.get(colour.transfer);
  return {
    size: sizes.sort((a, b) => b[0] * b[1] - a[0] * a[1])[0],
    orientation: orientationOf(view, own),
    crop: cropOf(view, own.find(({ type }) => type === "clap")),
    hdr: transfer && { transfer, primaries: colour.primaries },
  };
}

/** An item's properties, as one `ipma` box lists them. */
function associated({ view, properties }: Meta, box: HeifBox, item: number): HeifBox[] {
  const [version, wide] = [view.getUint8(box.start), (view.getUint8(box.start + 3) & 1) !== 0];
  const count = Math.min(view.getUint32(box.start + 4), MAX_ENTRIES);
  const found: HeifBox[] = [];
  let at = box.start + 8;
  for (let i = 0; i < count && at < box.end; i++) {
    const id = version === 0 ? view.getUint16(at) : view.getUint32(at);
    at += version === 0 ? 2 : 4;
    const links = view.getUint8(at++);
    for (let link = 0; link < links; link++, at += wide ? 2 : 1) {
      const index = wide ? view.getUint16(at) & 0x7fff : view.getUint8(at) & 0x7f; // counted from 1
      const property = properties[index - 1];
      if (id === item && property) found.push(property);
    }
  }
  return found;
}

/**
 * `irot` rotates counterclockwise in steps of 90 degrees; then `imir` swaps top and bottom (0), or left and right (1).
 */
const ORIENTATIONS = { none: [1, 8, 3, 6], topAndBottom: [4, 5, 2, 7], leftAndRight: [2, 7, 4, 5] } as const;

function orientationOf(view: DataView, properties: readonly HeifBox[]): number | undefined {
  const byte = (name: string): number | undefined => {
    const box = properties.find(({ type }) => type === name);
    return box && view.getUint8(box.start);
  };
  const [turns, mirror] = [byte("irot"), byte("imir")];
  if (turns === undefined && mirror === undefined) return undefined;
  const kind = mirror === undefined ? "none" : (mirror & 1) === 0 ? "topAndBottom" : "leftAndRight";
  return ORIENTATIONS[kind][(turns ?? 0) & 3];
}

/** `clap` contains four fractions, each a numerator and a denominator. */
function cropOf(view: DataView, box: HeifBox | undefined): Crop | undefined {
  if (!box) return undefined;
  const share = (at: number): number => view.getInt32(box.start + at) / view.getInt32(box.start + at + 4);
  return { width: share(0), height: share(8), right: share(16), down: share(24) };
}

/** The colour space of a `colr` box that gives numbers, not an ICC profile. */
function nclx(view: DataView, properties: readonly HeifBox[]): { primaries: number; transfer: number } | undefined {
  const box = properties.find(({ type, start }) => type === "colr" && view.getUint32(start) === NCLX);
  return box && { primaries: view.getUint16(box.start + 4), transfer: view.getUint16(box.start + 6) };
}
const NCLX = 0x6e636c78;

/** The first tile of a grid. */
function firstTile({ view, children }: Meta, item: number): number | undefined {
  const iref = children.find(({ type }) => type === "iref");
  if (!iref) return undefined;
  const wide = view.getUint8(iref.start) !== 0;
  for (const { type, start } of boxes(view, iref.start + 4, iref.end)) {
    const id = (at: number): number => wide ? view.getUint32(at) : view.getUint16(at);
    if (type === "dimg" && id(start) === item) return id(start + (wide ? 6 : 4));
  }
}

/** The colour space in the AV1 stream itself. */
function streamColour(file: Meta, item: number): { primaries: number; transfer: number } | undefined {
  const at = placeOf(file, item);
  return at === undefined ? undefined : sequenceColour(file.bytes.subarray(at));
}

/** Start of an item's data. */
function placeOf({ view, children }: Meta, item: number): number | undefined {
  const iloc = children.find(({ type }) => type === "iloc");
  if (!iloc) return undefined;
  const version = view.getUint8(iloc.start);
  const sizes = view.getUint16(iloc.start + 4);
  const [offset, length, base, index] = [sizes >> 12, sizes >> 8 & 15, sizes >> 4 & 15, version > 0 ? sizes & 15 : 0];
  let at = iloc.start + 6;
  const take = (bytes: number): number => {
    at += bytes;
    if (bytes === 0) return 0;
    if (bytes === 2) return view.getUint16(at - 2);
    if (bytes === 4) return view.getUint32(at - 4);
    if (bytes === 8) return Number(view.getBigUint64(at - 8));
    throw new RangeError("the offsets of its parts have an invalid size");
  };
  const count = Math.min(take(version < 2 ? 2 : 4), MAX_ENTRIES);
  for (let i = 0; i < count; i++) {
    const id = take(version < 2 ? 2 : 4);
    const method = version > 0 ? take(2) & 15 : 0;
    take(2);
    const from = take(base);
    const extents = take(2);
    for (let extent = 0; extent < extents; extent++) {
      take(index);
      const start = from + take(offset);
      take(length);
      if (id !== item) continue;
      const idat = children.find(({ type }) => type === "idat");
      return method === 0 ? start : method === 1 && idat ? idat.start + start : undefined;
    }
  }
}
