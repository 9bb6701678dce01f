/**
 * Reads the colour description of an AV1 stream (AV1 specification, section 5.5).
 *
 * @module
 */

/** Type of the OBU (part of a stream) that describes colours. */
const SEQUENCE_HEADER = 1;
/** Most OBUs that are searched. The sequence header is among the first. */
const MAX_PARTS = 16;

/** Reads bits, the highest of a byte first. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Reads a number of this many bits. Throws a RangeError if there are fewer. */
  take(bits: number): number {
    let value = 0;
    for (let i = 0; i < bits; i++, this.#at++) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new RangeError("the stream ends too early");
      value = 2 * value + (byte >> (7 - (this.#at & 7)) & 1);
    }
    return value;
  }

  /** Whether the next bit is set. */
  flag(): boolean {
    return this.take(1) === 1;
  }

  /** Reads a variable-length number, whose leading zeros give its length. */
  takeVariable(): number {
    let zeros = 0;
    while (!this.flag() && zeros < 32) zeros++;
    return zeros >= 32 ? 0 : this.take(zeros);
  }
}

/** The colour description (numbers of ITU-T H.273) of a stream; `undefined` if it has none or is invalid. */
export function sequenceColour(stream: Uint8Array): { primaries: number; transfer: number } | undefined {
  try {
    let at = 0;
    for (let part = 0; part < MAX_PARTS && at < stream.length; part++) {
      const head = stream[at++]!;
      if ((head & 4) !== 0) at++;
      let length = stream.length - at;
      if ((head & 2) !== 0) {
        length = 0;
        for (let shift = 0; shift < 35; shift += 7) {
          const byte = stream[at++]!;
          length += (byte & 0x7f) * 2 ** shift;
          if ((byte & 0x80) === 0) break;
        }
      }
      if ((head >> 3 & 15) === SEQUENCE_HEADER) return readColour(new BitReader(stream.subarray(at, at + length)));
      at += length;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** Reads the header up to the colour description. Names are those of the specification. */
function readColour(bits: BitReader): { primaries: number; transfer: number } | undefined {
  const profile = bits.take(3);
  bits.flag(); // still_picture
  const reduced = bits.flag();
  if (reduced) bits.take(5); // seq_level_idx
  else skipOperatingPoints(bits);
  const [widthBits, heightBits] = [bits.take(4) + 1, bits.take(4) + 1];
  bits.take(widthBits);
  bits.take(heightBits);
  if (!reduced && bits.flag()) bits.take(7); // frame_id_numbers_present_flag
  bits.take(3); // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
  if (!reduced) skipTools(bits);
  bits.take(3); // enable_superres, enable_cdef, enable_restoration
  const high = bits.flag(); // high_bitdepth
  if (profile === 2 && high) bits.flag(); // twelve_bit
  if (profile !== 1) bits.flag(); // mono_chrome
  return bits.flag() ? { primaries: bits.take(8), transfer: bits.take(8) } : undefined;
}

function skipOperatingPoints(bits: BitReader): void {
  let delayBits: number | undefined;
  if (bits.flag()) { // timing_info_present_flag
    bits.take(64);
    if (bits.flag()) bits.takeVariable(); // equal_picture_interval
    if (bits.flag()) { // decoder_model_info_present_flag
      delayBits = bits.take(5) + 1;
      bits.take(42);
    }
  }
  const delays = bits.flag(); // initial_display_delay_present_flag
  const points = bits.take(5) + 1;
  for (let point = 0; point < points; point++) {
    bits.take(12); // operating_point_idc
    if (bits.take(5) > 7) bits.flag(); // seq_level_idx, seq_tier
    if (delayBits !== undefined && bits.flag()) bits.take(2 * delayBits + 1);
    if (delays && bits.flag()) bits.take(4);
  }
}

function skipTools(bits: BitReader): void {
  bits.take(4); // enable_interintra_compound … enable_dual_filter
  const ordered = bits.flag(); // enable_order_hint
  if (ordered) bits.take(2);
  const screen = bits.flag() ? 2 : bits.take(1); // seq_force_screen_content_tools
  if (screen > 0 && !bits.flag()) bits.flag(); // seq_force_integer_mv
  if (ordered) bits.take(3); // order_hint_bits_minus_1
}
