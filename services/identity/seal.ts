import {createCipheriv, createDecipheriv, hkdfSync, randomBytes} from 'node:crypto';

/** A key of its own for one purpose, out of a secret with enough randomness (HKDF, RFC 5869). */
export function deriveKey(secret: string, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, '', `identity: ${purpose}`, 32));
}

/** AES-256-GCM, bound to `context`: `iv.tag.ciphertext` in base64url. */
export function seal(text: string, key: Buffer, context: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context));
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return [iv, cipher.getAuthTag(), sealed].map(part => part.toString('base64url')).join('.');
}

/** The text, or undefined when it was sealed with another key, or for another context. */
export function unseal(text: string, key: Buffer, context: string): string | undefined {
  const [iv, tag, sealed] = text.split('.').map(part => Buffer.from(part, 'base64url'));
  if (iv === undefined || tag === undefined || sealed === undefined) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, iv, {authTagLength: 16})
      .setAAD(Buffer.from(context))
      .setAuthTag(tag);
    return Buffer.concat([decipher.update(sealed), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
