import {createHmac, createPrivateKey, sign} from 'node:crypto';
import type {Random} from '../../src/random.ts';
import type {Held} from './set-up.ts';

/** A token that identity has not signed, and the account that it claims. */
export interface Forgery extends Held {
  readonly kind: Kind;
}

const KINDS = [
  'other-account',
  'broken-signature',
  'own-key',
  'own-key-own-id',
  'no-algorithm',
  'shared-secret',
] as const;
type Kind = (typeof KINDS)[number];

/** What an Ed25519 private key begins with in PKCS 8 (RFC 8410): the 32 bytes of its seed follow. */
const PKCS8_ED25519 = '302e020100300506032b657004220420';

/** Makes a token that looks like the given one, but for what cannot be had without identity's key. */
export function forge(random: Random, {account, token}: Held, victims: readonly string[]): Forgery {
  const kind = random.pick(KINDS);
  const [header = '', claims = '', signature = ''] = token.split('.');
  const head = decode(header);
  const said = decode(claims);
  const victim = random.pick(victims.filter(id => id !== account));
  const theirs = encode({...said, sub: victim});
  switch (kind) {
    case 'other-account':
      return {kind, account: victim, token: `${header}.${theirs}.${signature}`};
    case 'broken-signature':
      return {kind, account, token: `${header}.${claims}.${Buffer.from(random.hex(128), 'hex').toString('base64url')}`};
    case 'own-key':
      return {kind, account: victim, token: signed(random, header, theirs)};
    case 'own-key-own-id':
      return {kind, account: victim, token: signed(random, encode({...head, kid: random.hex(16)}), theirs)};
    case 'no-algorithm':
      return {kind, account: victim, token: `${encode({...head, alg: 'none'})}.${theirs}.`};
    case 'shared-secret': {
      const text = `${encode({...head, alg: 'HS256'})}.${theirs}`;
      return {
        kind,
        account: victim,
        token: `${text}.${createHmac('sha256', random.hex(32)).update(text).digest('base64url')}`,
      };
    }
  }
}

function signed(random: Random, header: string, claims: string): string {
  const der = Buffer.from(`${PKCS8_ED25519}${random.hex(64)}`, 'hex');
  const key = createPrivateKey({key: der, format: 'der', type: 'pkcs8'});
  return `${header}.${claims}.${sign(null, Buffer.from(`${header}.${claims}`), key).toString('base64url')}`;
}

function decode(part: string): Readonly<Record<string, unknown>> {
  return JSON.parse(Buffer.from(part, 'base64url').toString());
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
