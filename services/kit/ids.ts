import {randomBytes} from 'node:crypto';
import type {Clock} from './clock.ts';

/** A UUID of version 7 (RFC 9562): ids sort by the time at which they were made, which keeps B-tree indexes compact. */
export function newId(clock: Pick<Clock, 'now'>): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(clock.now(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
