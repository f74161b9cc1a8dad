/**
 * A hash of a message's key, 32 bits without sign; modulo the number of partitions it is the message's partition. FNV-1a over UTF-8 with
 * MurmurHash3's finalizer, because the low bits of FNV alone are too alike for similar keys.
 */
export function keyHash(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
