// TensorBoard's events as bytes: the protocol-buffer messages Event and Summary, each in a TFRecord frame with CRC32C.
// Before it: tensorboard.ts. After it: a file. The field numbers are those of TensorFlow's event.proto and summary.proto.

/** The part of an Event that is written here. */
export interface LogEvent {
  /** Seconds since 1970. */
  wallTime: number;
  step?: number;
  fileVersion?: string;
  /** Tells readers to forget what they know of this step and of later ones. */
  sessionStart?: boolean;
  scalars?: Readonly<Record<string, number>>;
}

/** The message Event. */
export function eventBytes({ wallTime, step = 0, fileVersion, sessionStart, scalars }: LogEvent): Uint8Array {
  const parts = [double(1, wallTime), varintField(2, step)];
  if (fileVersion !== undefined) parts.push(text(3, fileVersion));
  if (scalars)
    parts.push(
      message(
        5,
        Object.entries(scalars).map(([tag, value]) => message(1, [text(1, tag), float(2, value)])),
      ),
    );
  if (sessionStart) parts.push(message(7, [varintField(1, 1)]));
  return Buffer.concat(parts);
}

/** A record of a TFRecord file: length, its checksum, the data, their checksum. */
export function recordBytes(data: Uint8Array): Uint8Array {
  const record = Buffer.alloc(16 + data.length);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}

/** TFRecord's checksum: CRC32C, rotated and shifted, so that data which hold checksums do not upset it. */
export function maskedCrc32c(data: Uint8Array): number {
  const crc = crc32c(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** CRC-32 with Castagnoli's polynomial (RFC 3720). Node's own crc32 has another. */
export function crc32c(data: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

// The four kinds of fields. A key is the field's number and its wire type.
const varintField = (field: number, value: number) => Buffer.concat([varint(field * 8), varint(value)]);
const delimited = (field: number, data: Uint8Array) => Buffer.concat([varint(field * 8 + 2), varint(data.length), data]);
const text = (field: number, value: string) => delimited(field, Buffer.from(value));
const message = (field: number, parts: Uint8Array[]) => delimited(field, Buffer.concat(parts));

function double(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return Buffer.concat([varint(field * 8 + 1), bytes]);
}

function float(field: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return Buffer.concat([varint(field * 8 + 5), bytes]);
}

/** Of a number from 0 to 2^53: bits of a 32-bit integer would not do. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  bytes.push(value);
  return Uint8Array.from(bytes);
}
