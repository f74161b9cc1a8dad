import {createHmac, createPrivateKey, generateKeyPairSync, type JsonWebKey, sign} from 'node:crypto';

type Json = Readonly<Record<string, unknown>>;

/** What an attacker, or a broken client, has to work with. */
export interface Material {
  /** A good access token of a victim, and one of the attacker's own. */
  readonly good: string;
  readonly own: string;
  readonly refreshToken: string;
  /** Identity's current private key: what is wrong with a claim must be refused although the signature is right. */
  readonly privateJwk: JsonWebKey;
  readonly publicJwk: JsonWebKey;
  /** Unix seconds. */
  readonly now: number;
  /** Tokens that were good once, and why they are not any more. */
  readonly stale: Readonly<Record<string, string>>;
}

/** A name that says what is wrong, and the `Authorization` header. */
export type Forgery = readonly [name: string, authorization: string];

/** Distinct headers none of which may be accepted by anybody. */
export function forgeries(material: Material): readonly Forgery[] {
  return [
    ...unsigned(material),
    ...symmetric(material),
    ...otherKeys(material),
    ...headers(material),
    ...claims(material),
    ...spellings(material),
    ...schemes(material),
    ...Object.entries(material.stale).map(([name, token]) => [name, `Bearer ${token}`] as const),
  ];
}

const encode = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

export function decode(token: string, part: 0 | 1): Json {
  return JSON.parse(Buffer.from(token.split('.')[part] ?? '', 'base64url').toString()) as Json;
}

/** A token with whatever is in it, and a right signature. */
export function signed(header: unknown, payload: unknown, jwk: JsonWebKey): string {
  const input = `${encode(header)}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), createPrivateKey({key: jwk, format: 'jwk'})).toString('base64url')}`;
}

function named(prefix: string, tokens: Readonly<Record<string, string>>): Forgery[] {
  return Object.entries(tokens).map(([name, token]) => [`${prefix}: ${name}`, `Bearer ${token}`] as const);
}

function unsigned({good}: Material): Forgery[] {
  const [, payload, signature] = good.split('.');
  const {kid} = decode(good, 0);
  const spellings = [
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    ' none',
    'none\u0000',
    'n\u043ene',
    '',
    'null',
    'undefined',
    'plain',
  ];
  return [
    ...spellings.flatMap(alg => [
      [`alg ${JSON.stringify(alg)}, no signature`, `Bearer ${encode({alg, kid, typ: 'at+jwt'})}.${payload}.`] as const,
      [
        `alg ${JSON.stringify(alg)}, another signature`,
        `Bearer ${encode({alg, kid, typ: 'at+jwt'})}.${payload}.${signature}`,
      ] as const,
    ]),
    ...[null, 0, false, [], {}, ['none'], ['EdDSA']].map(
      alg =>
        [`alg ${JSON.stringify(alg)}`, `Bearer ${encode({alg, kid, typ: 'at+jwt'})}.${payload}.${signature}`] as const,
    ),
    ['alg missing', `Bearer ${encode({kid, typ: 'at+jwt'})}.${payload}.${signature}`],
  ];
}

function symmetric({good, publicJwk}: Material): Forgery[] {
  const payload = good.split('.')[1];
  const {kid} = decode(good, 0);
  const {kty, crv, x} = publicJwk;
  const raw = Buffer.from(x ?? '', 'base64url');
  const pem = publicPem(publicJwk);
  const secrets = {
    'the raw public key': raw,
    'its base64url': Buffer.from(x ?? ''),
    'its JWK': Buffer.from(JSON.stringify({kty, crv, x})),
    'the published JWK': Buffer.from(JSON.stringify(publicJwk)),
    'its PEM': Buffer.from(pem),
    'its PEM without the last line end': Buffer.from(pem.trim()),
    nothing: Buffer.alloc(0),
    'its id': Buffer.from(String(kid)),
  };
  return ['HS256', 'HS384', 'HS512'].flatMap(alg =>
    Object.entries(secrets).map(([name, secret]): Forgery => {
      const input = `${encode({alg, kid, typ: 'at+jwt'})}.${payload}`;
      const hash = `sha${alg.slice(2)}`;
      return [
        `${alg} signed with ${name}`,
        `Bearer ${input}.${createHmac(hash, secret).update(input).digest('base64url')}`,
      ];
    }),
  );
}

function publicPem(jwk: JsonWebKey): string {
  // The 12 bytes that stand before a raw Ed25519 key in its DER form (RFC 8410).
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(jwk.x ?? '', 'base64url')]);
  return `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
}

function otherKeys({good}: Material): Forgery[] {
  const [header, payload] = good.split('.');
  const {kid} = decode(good, 0);
  const input = (alg: string): string => `${encode({alg, kid, typ: 'at+jwt'})}.${payload}`;
  const ec = (alg: string, namedCurve: string, hash: string): Forgery => {
    const {privateKey} = generateKeyPairSync('ec', {namedCurve});
    const bytes = sign(hash, Buffer.from(input(alg)), {key: privateKey, dsaEncoding: 'ieee-p1363'});
    return [`${alg} on ${namedCurve}`, `Bearer ${input(alg)}.${bytes.toString('base64url')}`];
  };
  const rsa = generateKeyPairSync('rsa', {modulusLength: 2_048}).privateKey;
  const foreign = generateKeyPairSync('ed25519').privateKey;
  const ed448 = generateKeyPairSync('ed448').privateKey;
  const zeros = (length: number): string => Buffer.alloc(length).toString('base64url');
  return [
    ec('ES256', 'P-256', 'sha256'),
    ec('ES384', 'P-384', 'sha384'),
    ec('ES512', 'P-521', 'sha512'),
    ec('ES256K', 'secp256k1', 'sha256'),
    ec('EdDSA', 'P-256', 'sha256'),
    ...['RS256', 'RS512'].map(
      (alg): Forgery => [
        `${alg}`,
        `Bearer ${input(alg)}.${sign(`sha${alg.slice(2)}`, Buffer.from(input(alg)), rsa).toString('base64url')}`,
      ],
    ),
    [
      'PS256',
      `Bearer ${input('PS256')}.${sign('sha256', Buffer.from(input('PS256')), {key: rsa, padding: 6}).toString('base64url')}`,
    ],
    [
      'another Ed25519 key under the same kid',
      `Bearer ${header}.${payload}.${sign(null, Buffer.from(`${header}.${payload}`), foreign).toString('base64url')}`,
    ],
    [
      'Ed448 under the same kid',
      `Bearer ${header}.${payload}.${sign(null, Buffer.from(`${header}.${payload}`), ed448).toString('base64url')}`,
    ],
    ['a signature of zeros', `Bearer ${header}.${payload}.${zeros(64)}`],
    [
      'the neutral point as signature',
      `Bearer ${header}.${payload}.${Buffer.from(`01${'00'.repeat(63)}`, 'hex').toString('base64url')}`,
    ],
    ['a signature of one byte', `Bearer ${header}.${payload}.${zeros(1)}`],
    ['a signature of 65 bytes', `Bearer ${header}.${payload}.${zeros(65)}`],
    ['ECDSA of zeros (CVE-2022-21449)', `Bearer ${input('ES256')}.${zeros(64)}`],
  ];
}

function headers({good, privateJwk, publicJwk}: Material): Forgery[] {
  const payload = decode(good, 1);
  const {kid} = decode(good, 0);
  const base = {alg: 'EdDSA', kid, typ: 'at+jwt'};
  const pair = generateKeyPairSync('ed25519');
  const [mine, minePublic] = [pair.privateKey.export({format: 'jwk'}), pair.publicKey.export({format: 'jwk'})];
  const injected = {
    jwk: minePublic,
    jku: 'http://127.0.0.1:1/jwks.json',
    x5u: 'http://127.0.0.1:1/chain.pem',
    x5c: ['MIIB'],
    x5t: 'AAAA',
    crit: ['exp'],
    b64: false,
    zip: 'DEF',
    cty: 'JWT',
    enc: 'A128GCM',
    iss: 'teralab-identity',
  };
  const kids = {
    'a path': '../../../../dev/null',
    'an absolute path': '/proc/sys/kernel/randomize_va_space',
    'a URL': 'http://127.0.0.1:1/key',
    'a file URL': 'file:///etc/passwd',
    SQL: "x' union select 'a' --",
    'a command': '$(id)',
    'a null byte': `${String(kid)}\u0000`,
    'a prefix of the right one': String(kid).slice(0, -1),
    'another case': String(kid).toUpperCase(),
    'a name of every object': '__proto__',
    nothing: '',
    'very long': 'k'.repeat(2_000),
    'an index': '0',
    blanks: ` ${String(kid)} `,
  };
  return [
    ...named(
      'header',
      Object.fromEntries(
        Object.entries(injected).flatMap(([name, value]) => [
          [`${name}, signed with the attacker's key`, signed({...base, [name]: value}, payload, mine)],
          [`${name}, signed with the right key`, signed({...base, [name]: value}, payload, privateJwk)],
        ]),
      ),
    ),
    ...named(
      'kid is',
      Object.fromEntries(
        Object.entries(kids).map(([name, value]) => [name, signed({...base, kid: value}, payload, mine)]),
      ),
    ),
    ...named('kid, signed with the right key', {
      missing: signed({alg: 'EdDSA', typ: 'at+jwt'}, payload, privateJwk),
      'a number': signed({...base, kid: 1}, payload, privateJwk),
      null: signed({...base, kid: null}, payload, privateJwk),
      'a list': signed({...base, kid: [kid]}, payload, privateJwk),
      'an object': signed({...base, kid: publicJwk}, payload, privateJwk),
    }),
    ...named('typ, signed with the right key', {
      missing: signed({alg: 'EdDSA', kid}, payload, privateJwk),
      JWT: signed({...base, typ: 'JWT'}, payload, privateJwk),
      'of an id token': signed({...base, typ: 'id+jwt'}, payload, privateJwk),
      'of a logout token': signed({...base, typ: 'logout+jwt'}, payload, privateJwk),
      'in capitals': signed({...base, typ: 'AT+JWT'}, payload, privateJwk),
      'with application/': signed({...base, typ: 'application/at+jwt'}, payload, privateJwk),
      'a number': signed({...base, typ: 1}, payload, privateJwk),
    }),
    ...named('header', {
      'alg twice': signed(`{"alg":"none","alg":"EdDSA","kid":"${String(kid)}","typ":"at+jwt"}`, payload, privateJwk),
      'a list': signed([base], payload, privateJwk),
      null: signed('null', payload, privateJwk),
      'no JSON': signed('{alg:EdDSA}', payload, privateJwk),
      'alg Ed25519': signed({...base, alg: 'Ed25519'}, payload, privateJwk),
      'alg in small letters': signed({...base, alg: 'eddsa'}, payload, privateJwk),
    }),
  ];
}

function claims({good, privateJwk, now}: Material): Forgery[] {
  const header = decode(good, 0);
  const payload = decode(good, 1);
  const with_ = (changes: Json): string => signed(header, {...payload, ...changes}, privateJwk);
  const without = (name: string): string =>
    signed(header, Object.fromEntries(Object.entries(payload).filter(([key]) => key !== name)), privateJwk);
  const text = JSON.stringify(payload);
  const wrong: Readonly<Record<string, readonly unknown[]>> = {
    iss: ['somebody', 'teralab-identity/', 'Teralab-Identity', '', null, 1, ['teralab-identity']],
    aud: [
      'billing',
      '',
      [],
      ['billing'],
      null,
      1,
      {gateway: true},
      [['gateway', 'identity', 'stream']],
      'gateway,identity,stream',
      'GATEWAY',
    ],
    sub: ['', null, 1, ['a'], {id: 'a'}, true, 's'.repeat(201)],
    sid: ['', null, 1, ['a'], {}, 's'.repeat(201)],
    exp: [
      now - 6,
      now - 3_600,
      0,
      -1,
      null,
      'tomorrow',
      String(now + 600),
      1e308,
      now + 31_536_000,
      now + 901,
      true,
      [now + 600],
    ],
    iat: [now + 3_600, now + 60, now - 1_000, 0, null, 'now', String(now), true],
    nbf: [now + 60, now + 3_600, 'later', null, true],
  };
  return [
    ...Object.entries(wrong).flatMap(([name, values]) =>
      values.map(
        (value): Forgery => [`${name} is ${JSON.stringify(value)?.slice(0, 60)}`, `Bearer ${with_({[name]: value})}`],
      ),
    ),
    ...['iss', 'aud', 'sub', 'sid', 'exp', 'iat'].map(
      (name): Forgery => [`${name} is missing`, `Bearer ${without(name)}`],
    ),
    ...named('claims', {
      'sub twice': signed(header, text.replace('{', '{"sub":"somebody",'), privateJwk),
      'exp twice': signed(header, text.replace('{', '{"exp":1,'), privateJwk),
      'with blanks': signed(header, JSON.stringify(payload, null, 1), privateJwk),
      'a list': signed(header, [payload], privateJwk),
      null: signed(header, 'null', privateJwk),
      'a text': signed(header, '"text"', privateJwk),
      nothing: signed(header, '', privateJwk),
      'no JSON': signed(header, '{', privateJwk),
      'with a byte order mark': signed(header, `\ufeff${text}`, privateJwk),
      'another token': signed(header, good, privateJwk),
      'two thousand lists deep': signed(header, '['.repeat(2_000), privateJwk),
      'too large': signed(header, {...payload, filler: 'x'.repeat(5_000)}, privateJwk),
    }),
  ];
}

function spellings({good, own, refreshToken}: Material): Forgery[] {
  const [header = '', payload = '', signature = ''] = good.split('.');
  const victim = decode(good, 1);
  const lastBit = (text: string): string => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    return text.slice(0, -1) + alphabet.charAt(alphabet.indexOf(text.slice(-1)) ^ 1);
  };
  const flipped = (at: number): string => {
    const bytes = Buffer.from(signature, 'base64url');
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    return `${header}.${payload}.${bytes.toString('base64url')}`;
  };
  return named('spelling', {
    'claims of the victim, signature of the own token': `${header}.${payload}.${own.split('.')[2]}`,
    'another sub, the same signature': `${header}.${encode({...victim, sub: 'x'})}.${signature}`,
    'a later end, the same signature': `${header}.${encode({...victim, exp: Number(victim.exp) + 1})}.${signature}`,
    'first bit of the signature': flipped(0),
    'middle bit of the signature': flipped(32),
    'last bit of the signature': flipped(63),
    'left-over bits of the signature': `${header}.${payload}.${lastBit(signature)}`,
    'padded signature': `${good}==`,
    'padded signature, one': `${good}=`,
    'padded header': `${header}=.${payload}.${signature}`,
    'padded claims': `${header}.${payload}==.${signature}`,
    'cut short': good.slice(0, -1),
    'cut by ten': good.slice(0, -10),
    'half of it': good.slice(0, good.length / 2),
    'without a signature': `${header}.${payload}`,
    'with an empty signature': `${header}.${payload}.`,
    'only dots': '..',
    'one dot': '.',
    'a part too many': `${good}.${signature}`,
    'five parts, as an encrypted one': `${good}.AAAA.BBBB`,
    'an empty part too many': `${good}.`,
    'an empty part before': `.${good}`,
    'parts in another order': `${payload}.${header}.${signature}`,
    'header twice': `${header}.${header}.${signature}`,
    'encoded once more': encode(good),
    'the other alphabet': `${header}.${payload}.${signature.slice(0, -2)}+/`,
    'a tilde': `${good}~`,
    'in capitals': good.toUpperCase(),
    'twice, joined': `${good}${good}`,
    'a refresh token': refreshToken,
    'a refresh token as claims': `${header}.${encode(refreshToken)}.${signature}`,
    garbage: 'garbage',
    zeros: '0'.repeat(100),
    huge: 'a'.repeat(5_000),
    'huge with dots': `${'a'.repeat(3_000)}.${'b'.repeat(3_000)}.${'c'.repeat(3_000)}`,
    null: 'null',
    undefined: 'undefined',
  });
}

function schemes({good, refreshToken}: Material): Forgery[] {
  const basic = Buffer.from(`x:${good}`).toString('base64');
  return [
    ['no scheme', good],
    ['an empty header', ''],
    ['only the scheme', 'Bearer'],
    ['another scheme', `Token ${good}`],
    ['JWT as scheme', `JWT ${good}`],
    ['Basic', `Basic ${basic}`],
    ['Digest', `Digest ${good}`],
    ['DPoP', `DPoP ${good}`],
    ['the operator with a token', `Operator ${good}`],
    ['the operator with nothing', 'Operator '],
    ['the scheme twice', `Bearer Bearer ${good}`],
    ['two tokens', `Bearer ${good}, Bearer ${good}`],
    ['two tokens with a blank', `Bearer ${good} ${good}`],
    ['a parameter', `Bearer token=${good}`],
    ['quotes', `Bearer "${good}"`],
    ['a tab', `Bearer\t${good}`],
    ['no blank', `Bearer${good}`],
    ['a comma', `Bearer ${good},`],
    ['a percent-encoded dot', `Bearer ${good.replaceAll('.', '%2e')}`],
    ['a refresh token without a scheme', refreshToken],
  ];
}
