import {generateKeyPair, randomBytes} from 'node:crypto';
import {promisify} from 'node:util';

/** What a sidecar shows who it is, PEM. */
export interface WorkloadIdentity {
  readonly key: string;
  readonly cert: string;
}

/** The lab's own certificate authority: it lives in the controller's memory and ends with the session. */
export interface LabAuthority {
  /** Its certificate, PEM. */
  readonly ca: string;
  /** An identity as SPIFFE names it: the URI `spiffe://teralab/<service>/<node>`. */
  issue(service: string, node: string): Promise<WorkloadIdentity>;
}

/** Longer than any session; a clock that is a day off still finds it valid. */
const VALID_DAYS = 30;
const DAY_MS = 86_400_000;
const KEY_BITS = 2_048;
/** A name that is a URI, among a certificate's alternative names (RFC 5280, section 4.2.1.6). */
const URI_NAME = 6;

/** Loaded only for a mesh. */
export async function createLabAuthority(now = Date.now()): Promise<LabAuthority> {
  const {default: forge} = await import('node-forge');
  const {pki} = forge;
  const begins = new Date(now - DAY_MS);
  const ends = new Date(now + VALID_DAYS * DAY_MS);
  const name = [{name: 'organizationName', value: 'teralab'}];
  const own = await newKey();
  const ownKey = pki.privateKeyFromPem(own.private);
  const issuer = [...name, {name: 'commonName', value: 'teralab session'}];

  const sign = (
    publicKey: string,
    subject: {readonly name: string; readonly value: string}[],
    extensions: object[],
  ): string => {
    const certificate = pki.createCertificate();
    certificate.publicKey = pki.publicKeyFromPem(publicKey);
    // Positive: the first bit would be a sign.
    certificate.serialNumber = `0${randomBytes(16).toString('hex').slice(1)}`;
    certificate.validity.notBefore = begins;
    certificate.validity.notAfter = ends;
    certificate.setSubject(subject);
    certificate.setIssuer(issuer);
    certificate.setExtensions(extensions);
    certificate.sign(ownKey, forge.md.sha256.create());
    return pki.certificateToPem(certificate);
  };

  return {
    ca: sign(own.public, issuer, [
      {name: 'basicConstraints', cA: true, critical: true},
      {name: 'keyUsage', keyCertSign: true, critical: true},
    ]),
    async issue(service, node) {
      const key = await newKey();
      const cert = sign(
        key.public,
        [...name, {name: 'commonName', value: node}],
        [
          {name: 'basicConstraints', cA: false, critical: true},
          {name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true},
          {name: 'extKeyUsage', serverAuth: true, clientAuth: true},
          {name: 'subjectAltName', altNames: [{type: URI_NAME, value: `spiffe://teralab/${service}/${node}`}]},
        ],
      );
      return {key: key.private, cert};
    },
  };
}

async function newKey(): Promise<{readonly public: string; readonly private: string}> {
  const {publicKey, privateKey} = await promisify(generateKeyPair)('rsa', {
    modulusLength: KEY_BITS,
    publicKeyEncoding: {type: 'spki', format: 'pem'},
    privateKeyEncoding: {type: 'pkcs8', format: 'pem'},
  });
  return {public: publicKey, private: privateKey};
}
