/**
 * What an AVIF file says of its picture beside the pixels: how it is cut and turned, and what its numbers mean.
 *
 * @module
 */

import type { Crop } from "../orientation.ts";
import { boxes, type HeifBox } from "./boxes.ts";
import { sequenceColour } from "./sequence_header.ts";

/** What a file says. */
export interface AvifHeader {
  /** Columns and rows of the largest of its pictures: tiles and transparency are pictures as well. */
  readonly size?: readonly [width: number, height: number];
  /** As EXIF counts them; EXIF itself does not count in AVIF. */
  readonly orientation?: number;
  /** What is kept of the stored picture. */
  readonly crop?: Crop;
  /** If it is brighter than a screen's white. */
  readonly hdr?: HdrColour;
}

/** The colour space of a picture that is not sRGB. */
export interface HdrColour {
  /** The curve: BT.2100's PQ or HLG. */
  readonly transfer: "PQ" | "HLG";
  /** As ITU-T H.273 counts them. */
  readonly primaries: number;
}

/** ITU-T H.273's numbers of curves. */
const TRANSFERS: ReadonlyMap<number, HdrColour["transfer"]> = new Map([[16, "PQ"], [18, "HLG"]]);
/** More pictures, properties or links are no file that a program wrote. */
const MAX_ENTRIES = 100_000;

/** The parts of a file's `meta` box that are looked at. */
interface Meta {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly children: readonly HeifBox[];
  readonly properties: readonly HeifBox[];
}

/**
 * Reads a file's header.
 *
 * @throws {RangeError} If it ends inside of it.
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

/** `irot` turns by quarters against the clock; then `imir` exchanges top and bottom (0), or left and right (1). */
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

/** `clap`: eight numbers, each over the next. */
function cropOf(view: DataView, box: HeifBox | undefined): Crop | undefined {
  if (!box) return undefined;
  const share = (at: number): number => view.getInt32(box.start + at) / view.getInt32(box.start + at + 4);
  return { width: share(0), height: share(8), right: share(16), down: share(24) };
}

/** What `colr` says by numbers, and not by a profile. */
function nclx(view: DataView, properties: readonly HeifBox[]): { primaries: number; transfer: number } | undefined {
  const box = properties.find(({ type, start }) => type === "colr" && view.getUint32(start) === NCLX);
  return box && { primaries: view.getUint16(box.start + 4), transfer: view.getUint16(box.start + 6) };
}
const NCLX = 0x6e636c78;

/** The first picture that a grid is made of. */
function firstTile({ view, children }: Meta, item: number): number | undefined {
  const iref = children.find(({ type }) => type === "iref");
  if (!iref) return undefined;
  const wide = view.getUint8(iref.start) !== 0;
  for (const { type, start } of boxes(view, iref.start + 4, iref.end)) {
    const id = (at: number): number => wide ? view.getUint32(at) : view.getUint16(at);
    if (type === "dimg" && id(start) === item) return id(start + (wide ? 6 : 4));
  }
}

/** What the coded picture itself says. */
function streamColour(file: Meta, item: number): { primaries: number; transfer: number } | undefined {
  const at = placeOf(file, item);
  return at === undefined ? undefined : sequenceColour(file.bytes.subarray(at));
}

/** Where an item's data begin. */
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
    throw new RangeError("its parts are placed by odd numbers");
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
